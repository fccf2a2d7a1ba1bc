using System.Text.RegularExpressions;

namespace Compiled.Generators.Tests;

/// <summary>Which steps of the generator a build ran anew.</summary>
internal static class Steps
{
    /// <summary>What became of each step of a model, in their order.</summary>
    public static IReadOnlyList<IncrementalStepRunReason> Reasons(Project project, string model) =>
        [.. ModelGenerator.Steps.Select(step => Assert.Single(Outputs(project.Run.TrackedSteps[step], model)).Reason)];

    /// <summary>What became of the generated files.</summary>
    public static IReadOnlyList<IncrementalStepRunReason> FileReasons(Project project) =>
        [
            .. project.Run.TrackedOutputSteps.Values.SelectMany(steps => steps).SelectMany(step => step.Outputs)
                .Select(output => output.Reason),
        ];

    /// <summary>Nothing of a model was made anew.</summary>
    public static void AssertKept(Project project, string model) =>
        Assert.All(
            Reasons(project, model),
            reason => Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, $"{reason}"));

    /// <summary>Every step of a model was made anew.</summary>
    public static void AssertRemade(Project project, string model) =>
        Assert.All(Reasons(project, model), reason => Assert.Equal(IncrementalStepRunReason.Modified, reason));

    // Every value of the pipeline holds the name of its model, and records print what they hold.
    private static IEnumerable<(object Value, IncrementalStepRunReason Reason)> Outputs(
        ImmutableArray<IncrementalGeneratorRunStep> steps, string model) =>
        steps.SelectMany(step => step.Outputs)
            .Where(output => output.Reason != IncrementalStepRunReason.Removed)
            .Where(output => Regex.IsMatch($"{output.Value}", $@"Name = ([\w.]+\.)?{model},"));
}

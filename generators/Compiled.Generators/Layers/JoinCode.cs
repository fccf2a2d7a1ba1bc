using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>How joins are called: the native ops take up to four inputs, those that there are not being null.</summary>
internal static class JoinCode
{
    public const int MaxInputs = 4;

    /// <summary>Reports names that are too many, at the first one of those, or none at all.</summary>
    public static void RequireInputs(LayerArguments arguments)
    {
        int names = arguments.Texts("layers").Count;
        if (names is < 1 or >= MaxInputs)
            arguments.OutOfRange("layers", $"{names} names", $"1 to {MaxInputs - 1} names of earlier layers", element: MaxInputs - 1);
    }

    /// <summary>The members of a description that say how many inputs there are, and what happens to their gradients.</summary>
    public static void WriteInputs(CodeWriter writer, StagePlan stage) => WriteInputs(writer, stage, stage.Stage.Inputs.Count);

    /// <summary>The same of the first <paramref name="count"/> of them.</summary>
    public static void WriteInputs(CodeWriter writer, StagePlan stage, int count)
    {
        writer.Line($"inputs = {count},");
        if (stage.Stage.HasBackward)
            writer.Line(string.Concat(Enumerable.Range(0, count).Select(i => $"gradient_{i} = {stage.GradientModeOf(i)}, ")).TrimEnd());
    }

    public static string Arguments(string name, IReadOnlyList<long> offsets) =>
        string.Join(", ", Enumerable.Range(0, MaxInputs).Select(i => $"{name}{i}: {StagePlan.Value(i < offsets.Count ? offsets[i] : -1)}"));
}

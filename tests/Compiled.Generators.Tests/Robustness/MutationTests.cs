namespace Compiled.Generators.Tests;

/// <summary>On broken declarations generator and analyzer never throw, and they add no error to a program that has none.</summary>
public sealed class MutationTests
{
    private const int Mutated = 2000;

    [Fact]
    public void A_broken_declaration_is_survived()
    {
        var outcomes = ParallelEnumerable.Range(0, Mutated).Select(Survive).ToArray().CountBy(outcome => outcome).ToDictionary();
        // Else the mutations would test little more than the compiler.
        Assert.InRange(outcomes[Outcome.Rejected], Mutated / 10, Mutated / 2);
        Assert.InRange(outcomes[Outcome.Accepted], Mutated / 20, Mutated / 2);
    }

    [Fact]
    public void The_originals_are_right()
    {
        foreach (string original in Originals.All)
        {
            Project project = Project.Of(original);
            Assert.Empty(project.Analyzer);
            Assert.DoesNotContain(project.Compiler, IsError);
        }
    }

    private static Outcome Survive(int seed)
    {
        string text = Mutations.Draw(seed);
        try
        {
            // Throws of the two fail in here.
            Project project = Project.Of(text);
            bool hasIssue = project.AnalyzeWritten().Any(IsError);
            if (Project.Faults(project.Written).Any(IsError))
                return Outcome.NoProgram;
            // What stands in for a wrong declaration compiles like what is generated for a right one.
            Assert.DoesNotContain(project.Compiler, diagnostic => IsError(diagnostic) || IsGenerated(diagnostic.Location));
            if (hasIssue)
                return Outcome.Rejected;
            Assert.All(project.Files.Values, file => Assert.DoesNotContain("has errors", file, StringComparison.Ordinal));
            return Outcome.Accepted;
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"Seed {seed}:\n{text}", exception);
        }
    }

    private static bool IsError(Diagnostic diagnostic) => diagnostic.Severity == DiagnosticSeverity.Error;

    private static bool IsGenerated(Location place) => place.SourceTree?.FilePath.EndsWith(".g.cs", StringComparison.Ordinal) == true;

    private enum Outcome
    {
        /// <summary>The compiler reports an error of the source's own.</summary>
        NoProgram,

        /// <summary>The analyzer does.</summary>
        Rejected,

        /// <summary>It is a program.</summary>
        Accepted,
    }
}

namespace Compiled.Generators.Tests;

/// <summary>An edit re-runs what it concerns and nothing else.</summary>
public sealed class IncrementalityTests
{
    private const string Net =
        """
        using Compiled;

        namespace Examples;

        // The network.
        [Model]
        [Input(8, 8, Sizes.Channels)]
        [Conv2D(4, 3), ReLU]
        [Flatten, Dense(2), MeanSquaredError]
        public sealed partial class Net
        {
            public int Twice(int number) => number * 2;
        }

        public static class Neighbour
        {
            public static int One => 1;
        }
        """;

    private const string Other =
        """
        using Compiled;

        namespace Examples;

        [Model, Input(3), Dense(5), MeanSquaredError]
        public sealed partial class Other;

        public static class Sizes
        {
            public const int Channels = 3;
        }
        """;

    private const string Parts =
        """
        using Compiled;

        namespace Examples;

        // A part.
        [Block, Dense(5), Tanh]
        public sealed class Part;

        [Block, ReLU, Sigmoid]
        public sealed class Inner;

        [Block, Residual<Inner>]
        public sealed class Outer;

        public static class Aside;
        """;

    [Theory]
    [InlineData("number * 2", "number + number", "a method body of the model's own half")]
    [InlineData("=> 1", "=> 1 /* one */", "a comment in another class")]
    [InlineData("public static int One", "public static int Two", "a member of another class")]
    [InlineData("// The network.", "// The network.\n\n\n\n// Some lines further down.", "lines above")]
    [InlineData("[Model]\n", "[Model] // read from here\n", "a comment among the layers")]
    [InlineData("[Conv2D(4, 3), ReLU]", "[Conv2D(4, 3)]\n[ReLU]", "another section for the same layers")]
    [InlineData("Conv2D(4, 3)", "Conv2D(filters: 2 + 2, kernelSize: 3)", "the same arguments in other words")]
    [InlineData("using Compiled;", "using System;\nusing Compiled;", "a using")]
    [InlineData("public sealed partial class Net", "internal sealed partial class Net", "an accessibility")]
    public void An_edit_that_does_not_concern_the_network_remakes_nothing(string before, string after, string what)
    {
        Project project = Edited(before, after);
        Assert.All(Steps.Reasons(project, "Net"), reason => Assert.True(reason == IncrementalStepRunReason.Cached, what));
        Assert.All(Steps.Reasons(project, "Other"), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
        Assert.All(Steps.FileReasons(project), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
    }

    [Fact]
    public void Another_declaration_of_the_same_network_leaves_its_file()
    {
        Project project = Edited("Conv2D(4, 3)", "Conv2D(4, 3, UseBias = true)");
        Assert.Equal(IncrementalStepRunReason.Modified, Steps.Reasons(project, "Net")[0]);
        Assert.Equal(IncrementalStepRunReason.Unchanged, Steps.Reasons(project, "Net")[^1]);
        Assert.All(Steps.FileReasons(project), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
    }

    [Fact]
    public void An_edit_in_another_file()
    {
        Project project = First().Add("More.cs", "namespace Examples; public static class More { public static int All => 1; }");
        Project edited = project.Edit("More.cs", "namespace Examples; public static class More { public static int Some => 2; }");
        foreach (Project each in (Project[])[project, edited])
        {
            Steps.AssertKept(each, "Net");
            Steps.AssertKept(each, "Other");
            Assert.All(Steps.FileReasons(each), reason => Assert.Equal(IncrementalStepRunReason.Cached, reason));
        }
    }

    [Theory]
    [InlineData("Dense(2)", "Dense(3)")]
    [InlineData("Conv2D(4, 3)", "Conv2D(4, 2)")]
    [InlineData(", ReLU]", "]")]
    [InlineData("ReLU", "ReLU(Name = \"r\")")]
    public void An_edit_of_a_layer_remakes_its_model_and_no_other(string before, string after)
    {
        Project project = Edited(before, after);
        Steps.AssertRemade(project, "Net");
        Steps.AssertKept(project, "Other");
        Assert.Equal(
            [IncrementalStepRunReason.Cached, IncrementalStepRunReason.Modified],
            Steps.FileReasons(project).OrderBy(reason => $"{reason}", StringComparer.Ordinal));
    }

    [Fact]
    public void An_edit_of_a_constant_in_another_file_is_an_edit_of_the_layer()
    {
        Project project = First().Edit("Other.cs", Other.Replace("Channels = 3", "Channels = 1", StringComparison.Ordinal));
        Steps.AssertRemade(project, "Net");
        Steps.AssertKept(project, "Other");
    }

    [Theory]
    [InlineData("Dense(5)", "Dense(6)")]
    [InlineData(", Tanh", ", ReLU")]
    [InlineData("[Block, Dense(5), Tanh]", "[Block, Dense(5), Tanh, Dense(5)]")]
    [InlineData("ReLU, Sigmoid", "Sigmoid, ReLU")] // of a block in the block
    public void An_edit_in_a_block_remakes_the_models_that_use_it_and_no_other(string before, string after)
    {
        Project first = WithBlocks();
        Project edited = first.Edit("Parts.cs", Parts.Replace(before, after, StringComparison.Ordinal));
        Assert.NotEqual(Parts, edited.Written.SyntaxTrees.Single(tree => tree.FilePath == "Parts.cs").ToString());
        Steps.AssertRemade(edited, "User");
        Steps.AssertKept(edited, "Net");
        Steps.AssertKept(edited, "Other");
        Assert.NotEqual(first.Files["Examples.User.g.cs"], edited.Files["Examples.User.g.cs"]);
    }

    [Theory]
    [InlineData("// A part.", "// Some part of a network.")]
    [InlineData("public static class Aside;", "public static class Beside;")]
    [InlineData("[Block, Dense(5), Tanh]", "[Block]\n[Dense(units: 3 + 2)]\n[Tanh]")]
    public void An_edit_around_a_block_remakes_nothing(string before, string after)
    {
        Project edited = WithBlocks().Edit("Parts.cs", Parts.Replace(before, after, StringComparison.Ordinal));
        Assert.NotEqual(Parts, edited.Written.SyntaxTrees.Single(tree => tree.FilePath == "Parts.cs").ToString());
        foreach (string model in (string[])["User", "Net", "Other"])
            Steps.AssertKept(edited, model);
    }

    [Fact]
    public void A_model_more_or_less_concerns_no_other()
    {
        Project more = First().Add("Third.cs", "using Compiled; [Model, Input(3), Dense(2), MeanSquaredError] public partial class Third;");
        Assert.Equal(3, more.Files.Count);
        Assert.All(Steps.Reasons(more, "Third"), reason => Assert.Equal(IncrementalStepRunReason.New, reason));
        Project less = more.Edit("Third.cs", "");
        Assert.Equal(2, less.Files.Count);
        foreach (Project each in (Project[])[more, less])
        {
            Steps.AssertKept(each, "Net");
            Steps.AssertKept(each, "Other");
        }
    }

    [Fact]
    public void An_error_and_its_repair()
    {
        Project broken = Edited("Dense(2)", "Dense(0)");
        Steps.AssertKept(broken, "Other");
        Assert.Equal("CN0004", Assert.Single(broken.Analyzer).Id);
        Project repaired = broken.Edit("Net.cs", Net);
        Steps.AssertKept(repaired, "Other");
        Assert.Empty(repaired.Analyzer);
        Assert.Equal(First().Files, repaired.Files);
    }

    private static Project WithBlocks()
    {
        Project project = First().Add("Parts.cs", Parts).Add(
            "User.cs",
            "using Compiled; namespace Examples; [Model, Input(5), Block<Part>, Block<Outer>, MeanSquaredError] public sealed partial class User;");
        Assert.Equal(3, project.Files.Count);
        return project;
    }

    private static Project First() => Project.Of([("Net.cs", Net), ("Other.cs", Other)]);

    private static Project Edited(string before, string after)
    {
        Project first = First();
        Assert.Equal(2, first.Files.Count);
        Assert.Contains(before, Net, StringComparison.Ordinal);
        return first.Edit("Net.cs", Net.Replace(before, after, StringComparison.Ordinal));
    }
}

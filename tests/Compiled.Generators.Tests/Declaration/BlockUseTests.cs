namespace Compiled.Generators.Tests;

/// <summary>What a block becomes in the network that uses it: the layers that one would have written out.</summary>
public sealed class BlockUseTests
{
    private const string Basic =
        """
        [Block]
        [Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
        [Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization]
        public sealed class BasicBlock;
        """;

    [Theory]
    [InlineData("ReLU", null)]
    [InlineData("Conv2D(3, 99)", "CN0005")]
    public void The_members_for_weights_stand_whether_the_declaration_is_right_or_not(string layer, string? id)
    {
        Project project = Project.Of(
            $$"""
            using Compiled;
            [Model, Input(8, 8, 3)]
            [Residual<Part>(Repeat = 2, Projection = true, Name = "p"), Block<Outer>, {{layer}}, Flatten, Dense(2), MeanSquaredError]
            public sealed partial class Net;
            [Block, Conv2D(4, 3, Padding = Padding.Same), BatchNormalization]
            public sealed class Part;
            [Block, Block<Part>(Repeat = 2)]
            public sealed class Outer;
            internal static class Use
            {
                public static void All(Net net)
                {
                    Conv2DWeights first = net.P1Conv2D1, inner = net.Outer1Part2Conv2D1;
                    KernelWeights past = net.P2ShortcutConv2D;
                    BatchNormalizationWeights norm = net.P2BatchNormalization1, pastNorm = net.P1ShortcutBatchNormalization;
                    _ = (first, inner, past, norm, pastNorm, net.Dense1);
                }
            }
            """);
        Assert.Equal(id, project.Analyzer.SingleOrDefault()?.Id);
        Assert.Empty(project.Compiler);
    }

    [Fact]
    public void A_block_is_named_after_its_class_and_its_layers_after_it() =>
        Assert.Equal(
            [
                "basic_block_1/conv2d_1", "basic_block_1/batch_normalization_1", "basic_block_1/relu_1", "basic_block_1/conv2d_2",
                "basic_block_1/batch_normalization_2",
            ],
            Inside("Block<BasicBlock>", Basic));

    [Fact]
    public void A_residual_adds_what_went_in()
    {
        Assert.Equal(
            [
                "basic_block_1/conv2d_1", "basic_block_1/batch_normalization_1", "basic_block_1/relu_1", "basic_block_1/conv2d_2",
                "basic_block_1/batch_normalization_2", "basic_block_1/add", "basic_block_1/relu",
            ],
            Inside("Residual<BasicBlock>(Activation = Activation.ReLU)", Basic));
        Graph graph = Of("Residual<BasicBlock>", Basic);
        Node add = graph.Nodes.Single(node => node.Operation is AddOperation);
        Assert.Equal(graph.Input, add.Inputs[1]);
        Assert.Equal("basic_block_1/batch_normalization_2", new GraphIndex(graph).Producer(add.Inputs[0])!.Name);
    }

    [Fact]
    public void A_projection_takes_the_strides_of_the_block()
    {
        Graph graph = Of(
            "Residual<Down>(Projection = true)",
            "[Block, Conv2D(Filters.Twice, 3, Strides = 2, Padding = Padding.Same), ReLU]\npublic sealed class Down;");
        Node[] shortcut = [.. graph.Nodes.Where(node => node.Name.StartsWith("down_1/shortcut", StringComparison.Ordinal))];
        Assert.Equal(["down_1/shortcut/conv2d", "down_1/shortcut/batch_normalization"], shortcut.Select(node => node.Name));
        Assert.Equal("Conv2D 1×1 stride 2 same, 6 filters, no bias", shortcut[0].Operation.Canonical);
        Assert.Equal(graph.Input, shortcut[0].Input);
        Assert.Equal(shortcut[1].Output, graph.Nodes.Single(node => node.Operation is AddOperation).Inputs[1]);
    }

    [Fact]
    public void Repetitions_are_numbered_on()
    {
        const string Part = "[Block, Dense(3), Tanh]\npublic sealed class MyMLPPart;";
        Assert.Equal(
            ["my_mlp_part_1/dense_1", "my_mlp_part_1/tanh_1", "my_mlp_part_2/dense_1", "my_mlp_part_2/tanh_1", "my_mlp_part_3/dense_1", "my_mlp_part_3/tanh_1"],
            Inside("Block<MyMLPPart>(Repeat = 2), Block<MyMLPPart>", Part));
        Assert.Equal(
            ["encoder_1/dense_1", "encoder_1/tanh_1", "encoder_2/dense_1", "encoder_2/tanh_1", "my_mlp_part_1/dense_1", "my_mlp_part_1/tanh_1"],
            Inside("Block<MyMLPPart>(Repeat = 2, Name = \"encoder\"), Block<MyMLPPart>", Part));
        Assert.Equal(["encoder/dense_1", "encoder/tanh_1"], Inside("Block<MyMLPPart>(Name = \"encoder\")", Part));
    }

    [Fact]
    public void A_repeated_residual_adds_each_time()
    {
        Graph graph = Of("Residual<Part>(Repeat = 3)", "[Block, Dense(3)]\npublic sealed class Part;");
        Node[] sums = [.. graph.Nodes.Where(node => node.Operation is AddOperation)];
        Assert.Equal(["part_1/add", "part_2/add", "part_3/add"], sums.Select(node => node.Name));
        Assert.Equal([graph.Input, sums[0].Output, sums[1].Output], sums.Select(node => node.Inputs[1]));
    }

    [Theory]
    [InlineData("Block<Part>(Repeat = 2, Name = \"enc\"), Add(\"enc\")", "enc_2/tanh_1")]
    [InlineData("Block<Part>(Repeat = 2, Name = \"enc\"), Add(\"enc_1\")", "enc_1/tanh_1")]
    [InlineData("Block<Part>(Repeat = 2), Add(\"part_1\")", "part_1/tanh_1")]
    [InlineData("Block<Part>, ReLU, Add(\"part_1\")", "part_1/tanh_1")]
    public void The_name_of_a_block_is_its_output(string layers, string producer)
    {
        Graph graph = Of(layers, "[Block, Dense(3), Tanh]\npublic sealed class Part;");
        Assert.Equal(producer, new GraphIndex(graph).Producer(graph.Nodes.Single(node => node.Operation is AddOperation).Inputs[1])!.Name);
    }

    [Fact]
    public void Layers_of_a_block_refer_to_one_another_and_to_its_input()
    {
        Graph graph = Of(
            "Dense(3, Name = \"a\"), Block<Part>",
            "[Block, Dense(3, Name = \"a\"), ReLU, Dense(3, From = \"input\"), Concatenate(\"a\", \"relu_1\", \"input\")]\npublic sealed class Part;");
        int input = graph.Nodes.Single(node => node.Name == "a").Output;
        Assert.Equal(input, graph.Nodes.Single(node => node.Name == "part_1/a").Input);
        Assert.Equal(input, graph.Nodes.Single(node => node.Name == "part_1/dense_1").Input);
    }

    [Fact]
    public void Blocks_stand_in_blocks() =>
        Assert.Equal(
            ["outer_1/dense_1", "outer_1/inner_1/relu_1", "outer_1/inner_1/add", "outer_1/inner_2/relu_1", "outer_1/inner_2/add", "outer_1/tanh_1"],
            Inside(
                "Block<Outer>",
                "[Block, Dense(3), Residual<Inner>(Repeat = 2), Tanh]\npublic sealed class Outer;\n[Block, ReLU]\npublic sealed class Inner;"));

    [Fact]
    public void The_weights_of_a_block_are_members_and_tensors()
    {
        Project project = Expect.NothingIn(
            Declared("Residual<BasicBlock>(Repeat = 2, Projection = true, Name = \"stage\")", Basic, "8, 8, 4"),
            """
            using Compiled;
            public static class Use
            {
                public static void All(Net net)
                {
                    KernelWeights kernel = net.Stage2Conv2D1;
                    BatchNormalizationWeights normalization = net.Stage1BatchNormalization2, shortcut = net.Stage1ShortcutBatchNormalization;
                    kernel.Kernel.Span[0] = normalization.MovingMean.Span[0] + net.Stage1ShortcutConv2D.Kernel.Span[0] + shortcut.Gamma!.Value.Span[0];
                }
            }
            """);
        string file = project.File;
        foreach (string tensor in (string[])["stage_1/conv2d_1/kernel", "stage_2/batch_normalization_2/moving_variance", "stage_2/shortcut/conv2d/kernel"])
            Assert.Contains($"new(\"{tensor}\", ", file, StringComparison.Ordinal);
    }

    [Fact]
    public void A_normalization_and_the_sum_behind_it_are_one_stage() =>
        Assert.Equal(
            [
                "basic_block_1/conv2d_1", "basic_block_1/batch_normalization_1 basic_block_1/relu_1", "basic_block_1/conv2d_2",
                "basic_block_1/batch_normalization_2 basic_block_1/add basic_block_1/relu", "dense_1",
            ],
            Network.Stages(Expect.NothingIn(Declared("Residual<BasicBlock>(Activation = Activation.ReLU)", Basic, "8, 8, 4"))));

    [Theory]
    // What is added must be there when the normalization runs, be one value, and not be what the normalization reads.
    [InlineData("BatchNormalization, Dense(3, From = \"dense_1\"), Add(\"batch_normalization_1\")", "dense_1", "batch_normalization_1", "dense_2", "add_1")]
    [InlineData("BatchNormalization, Add(\"dense_1\")", "dense_1", "batch_normalization_1", "add_1")]
    [InlineData("Linear(Name = \"view\"), BatchNormalization, Add(\"dense_1\")", "dense_1", "batch_normalization_1", "add_1")]
    [InlineData("BatchNormalization, Add(\"input_1\", \"input_1\")", "dense_1", "batch_normalization_1", "add_1")]
    [InlineData("BatchNormalization, Add(\"batch_normalization_1\")", "dense_1", "batch_normalization_1", "add_1")]
    [InlineData("BatchNormalization, Add(\"input_1\")", "dense_1", "batch_normalization_1 add_1")]
    [InlineData("BatchNormalization, ReLU, Add(\"input_1\")", "dense_1", "batch_normalization_1 relu_1", "add_1")]
    [InlineData("Add(\"input_1\"), Tanh", "dense_1", "add_1 tanh_1")]
    public void What_joins_the_stage_of_a_normalization(string layers, params string[] stages) =>
        Assert.Equal(
            stages,
            Network.Stages(Project.Of($"using Compiled;\n[Model, Input(3)]\n[Dense(3), {layers}, MeanSquaredError]\npublic sealed partial class Net;")));

    private static IEnumerable<string> Inside(string layers, string classes)
    {
        Graph graph = Of(layers, classes);
        return graph.Nodes.SkipLast(1).Select(node => node.Name);
    }

    private static Graph Of(string layers, string classes) => Network.Of(Expect.NothingIn(
        Declared(layers, classes, classes.Contains("Conv2D", StringComparison.Ordinal) ? "8, 8, 3" : "3", head: "MeanSquaredError")));

    private static string Declared(string layers, string classes, string input, string head = "Dense(2), MeanSquaredError") =>
        $"using Compiled;\n[Model, Input({input})]\n[{layers}]\n[{head}]\npublic sealed partial class Net;\n{classes}";
}

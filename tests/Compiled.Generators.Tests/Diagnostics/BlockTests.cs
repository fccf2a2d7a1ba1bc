namespace Compiled.Generators.Tests;

/// <summary>CN0017, and what else is reported of the layers of a block: at the place that uses it.</summary>
public sealed class BlockTests
{
    [Fact]
    public void A_block_that_contains_itself() =>
        Wrong("'Twice' contains itself (Twice → Twice): it would never end", "[Block, Dense(3), Block<Twice>]\npublic sealed class Twice;", "Block<Twice>");

    [Fact]
    public void Blocks_that_contain_one_another() =>
        Wrong(
            "'First' contains itself (First → Second → First): it would never end",
            "[Block, Residual<Second>]\npublic sealed class First;\n[Block, Dense(4), Block<First>]\npublic sealed class Second;", "Residual<First>");

    [Fact]
    public void A_class_that_is_no_block() =>
        Wrong("'Plain' has no [Block]: add it", "public sealed class Plain;", "Block<Plain>");

    [Fact]
    public void A_class_of_another_project() =>
        Wrong("'Random' comes from another assembly: its source must be part of this project", "", "Block<System.Random>");

    [Fact]
    public void A_layer_that_nobody_knows() =>
        Wrong(
            "'Strange' has the layer 'Mine', which this version of Compiled does not know",
            "public sealed class MineAttribute : LayerAttribute;\n[Block, Dense(3), Mine]\npublic sealed class Strange;", "Block<Strange>");

    [Theory]
    [InlineData("Input(3), Dense(3)")]
    [InlineData("Dense(3), MeanSquaredError")]
    public void An_input_or_a_loss_inside(string layers) =>
        Wrong(
            "'Whole' has an input or a loss of its own: these belong to the model", $"[Block, {layers}]\npublic sealed class Whole;", "Residual<Whole>");

    [Fact]
    public void A_fault_of_a_block_inside_a_block() =>
        Wrong(
            "'Plain' has no [Block]: add it", "public sealed class Plain;\n[Block, Dense(3), Block<Plain>]\npublic sealed class Outer;", "Block<Outer>");

    [Fact]
    public void Layers_of_a_class_that_is_no_block() =>
        Expect.ErrorIn(
            "CN0002",
            "'Parts' has layers on a declaration without [Model]: the network is read from the one declaration that carries [Model], so move them there",
            "using Compiled;\n[[|Dense(3)|]]\npublic sealed class Parts;");

    [Theory]
    [InlineData("Conv2D(0, 3)", "CN0004", "Conv2D: filters is 0; it must be at least 1")]
    [InlineData("Conv2D(Filters.Half, 3)", "CN0004", "Conv2D: filters is 50 % of 3 channels; it must be a whole number")]
    [InlineData("Add(\"stem\")", "CN0008", "There is no layer 'stem' before this one")]
    [InlineData("ReLU(From = \"inptu\")", "CN0008", "There is no layer 'inptu' before this one; did you mean 'input'?")]
    [InlineData("ReLU(Name = \"input\")", "CN0009", "The name 'input' is taken by an earlier layer: names are unique in a model")]
    public void What_is_wrong_with_a_layer_inside_is_told_where_the_block_is_used(string layer, string id, string message) =>
        Expect.ErrorIn(id, message, Sources($"[Block, {layer}]\npublic sealed class Part;", "[|Block<Part>|]", "Conv2D(3, 3, Name = \"stem\"), "));

    [Fact]
    public void A_shape_that_does_not_fit_inside_a_repetition() =>
        Expect.ErrorIn(
            "CN0005",
            "Conv2D 3×3 'part_4/conv2d_1' cannot take a 2×2×3 input: the window 3×3 does not fit into it. " +
            "input 8×8×3 → part_1/conv2d_1 6×6×3 → part_2/conv2d_1 4×4×3 → part_3/conv2d_1 2×2×3. " +
            "Remedy: use Padding = Padding.Same, a smaller kernel, or one pooling less before it",
            Sources("[Block, Conv2D(3, 3)]\npublic sealed class Part;", "[|Block<Part>(Repeat = 4)|]"));

    [Fact]
    public void A_residual_that_changes_the_shape() =>
        Expect.ErrorIn(
            "CN0016",
            "Add 'part_1' adds values of one shape, but its inputs are 8×8×5 and 8×8×3. input 8×8×3 → part_1/conv2d_1 8×8×5. " +
            "Remedy: let the branches end with as many channels, and with the same strides and padding",
            Sources("[Block, Conv2D(5, 1)]\npublic sealed class Part;", "[|Residual<Part>|]"));

    [Theory]
    [InlineData("Repeat = [|0|]", "repeat is 0; it must be at least 1")]
    [InlineData("Repeat = [|-1|]", "repeat is -1; it must be at least 1")]
    [InlineData("Repeat = [|1001|]", "repeat is 1001; it must be from 1 to 1000")]
    public void Repetitions_out_of_range(string argument, string message) =>
        Expect.ErrorIn(
            "CN0004", $"Block<Part>: {message}", Sources("[Block, ReLU]\npublic sealed class Part;", $"Block<Part>({argument})"));

    [Fact]
    public void An_activation_of_a_residual_that_is_none() =>
        Expect.ErrorIn(
            "CN0004", "Residual<Part>: activation is 99; it must be one of the enumeration's members",
            Sources("[Block, ReLU]\npublic sealed class Part;", "Residual<Part>(Activation = [|(Activation)99|])"));

    [Theory]
    [InlineData("From = \"inptu\"", "CN0008", "There is no layer 'inptu' before this one; did you mean 'input'?")]
    [InlineData("Name = \"input\"", "CN0009", "The name 'input' is taken by an earlier layer: names are unique in a model")]
    public void The_arguments_of_the_use_are_not_blamed_for_those_of_a_layer_inside(string argument, string id, string message) =>
        Expect.ErrorIn(
            id, message,
            Sources(
                $"[Block, ReLU({argument})]\npublic sealed class Part;", "[|Block<Part>(From = \"stem\", Name = \"part\")|]",
                "Conv2D(3, 3, Name = \"stem\"), "));

    [Theory]
    [InlineData("a b", "'a b'")]
    [InlineData("", "''")]
    [InlineData("2nd", "'2nd'")]
    public void A_name_of_repetitions_that_is_none(string name, string shown) =>
        Expect.ErrorIn(
            "CN0004", $"Block<Part>: name is {shown}; it must be a letter followed by letters, digits and underscores, 100 at most",
            Sources("[Block, ReLU]\npublic sealed class Part;", $"Block<Part>(Repeat = 2, Name = [|\"{name}\"|])"));

    [Theory]
    [InlineData("p", "p")]
    [InlineData("p_2", "p_2")]
    public void A_name_that_a_repetition_needs(string taken, string shown) =>
        Expect.ErrorIn(
            "CN0009", $"The name '{shown}' is taken by an earlier layer: names are unique in a model",
            Sources("[Block, ReLU]\npublic sealed class Part;", "Block<Part>(Repeat = 2, Name = [|\"p\"|])", $"ReLU(Name = \"{taken}\"), "));

    [Fact]
    public void The_name_of_the_way_past_the_layers() =>
        Expect.ErrorIn(
            "CN0009", "The name 'shortcut' is taken by an earlier layer: names are unique in a model",
            Sources("[Block, Conv2D(5, 1, Name = \"shortcut\")]\npublic sealed class Part;", "[|Residual<Part>(Projection = true)|]"));

    [Fact]
    public void Repetitions_of_repetitions() =>
        Wrong(
            "'Outer' brings the model above 10,000 layers: repeat it less often",
            "[Block, Block<Inner>(Repeat = 1000)]\npublic sealed class Outer;\n[Block, ReLU]\npublic sealed class Inner;",
            "Block<Outer>(Repeat = 1000)");

    [Fact]
    public void Blocks_of_blocks_that_double_with_each_level()
    {
        // Two to the power of thirty layers, which nobody could wait for.
        IEnumerable<string> levels = Enumerable.Range(1, 30).Select(i => $"[Block, Block<B{i - 1}>, Block<B{i - 1}>]\nclass B{i};\n");
        Wrong(
            "'B30' has, with the blocks in it, more than 10,000 layers: make it smaller",
            $"[Block, ReLU]\nclass B0;\n{string.Concat(levels)}", "Block<B30>");
    }

    [Fact]
    public void Blocks_too_deep_inside_one_another()
    {
        IEnumerable<string> levels = Enumerable.Range(1, 1000).Select(i => $"[Block, Block<B{i - 1}>]\nclass B{i};\n");
        Wrong(
            "'B900' stands in more than 100 blocks: put fewer of them into one another",
            $"[Block, ReLU]\nclass B0;\n{string.Concat(levels)}", "Block<B1000>");
    }

    [Fact]
    public void A_block_that_nobody_uses_is_nothing() =>
        Expect.NothingIn("using Compiled;\n[Block, Conv2D(3, 3), Add(\"nowhere\")]\npublic sealed class Part;");

    private static void Wrong(string message, string classes, string use) =>
        Expect.ErrorIn("CN0017", message, Sources(classes, $"[|{use}|]"));

    private static string Sources(string classes, string use, string before = "") =>
        $"using Compiled;\n[Model, Input(8, 8, 3)]\n[{before}{use}]\n[Flatten, Dense(2), MeanSquaredError]\npublic sealed partial class Net;\n{classes}";
}

namespace Compiled.Generators.Tests;

/// <summary>CN0016, CN0008 and CN0004 of layers that join branches.</summary>
public sealed class JoinTests
{
    private const string AddRemedy = "let the branches end with as many channels, and with the same strides and padding";
    private const string ConcatenateRemedy = "crop, pad or up-sample one of the branches so that the other extents are equal";

    [Fact]
    public void Sums_of_other_channels() =>
        Expect.Error(
            "CN0016",
            "Add 'add_1' adds values of one shape, but its inputs are 8×8×4 and 8×8×3. input 8×8×3 → conv2d_1 8×8×4. " +
            $"Remedy: {AddRemedy}",
            "[Input(8, 8, 3)]\n[Conv2D(4, 3, Padding = Padding.Same), [|Add(\"input_1\")|]]\n[Flatten, Dense(2), MeanSquaredError]");

    [Fact]
    public void Sums_of_several_of_which_one_does_not_fit() =>
        Expect.Error(
            "CN0016",
            "Add 'sum' adds values of one shape, but its inputs are 6×6×3 and 8×8×3 and 6×6×3. input 8×8×3 → a 6×6×3 → relu_1 6×6×3. " +
            $"Remedy: {AddRemedy}",
            """
            [Input(8, 8, 3)]
            [Conv2D(3, 3, Name = "a"), ReLU]
            [[|Add("input_1", "a", Name = "sum")|], ReLU]
            [Flatten, Dense(2), MeanSquaredError]
            """);

    [Fact]
    public void Sums_of_other_ranks() =>
        Expect.Error(
            "CN0016", $"Add 'add_1' adds values of one shape, but its inputs are 12 and 4×3. input 4×3 → flatten_1 12. Remedy: {AddRemedy}",
            "[Input(4, 3)]\n[Flatten, [|Add(\"input_1\")|]]\n[MeanSquaredError]");

    [Theory]
    [InlineData("Concatenate(\"input_1\")", "Concatenate 'concatenate_1'", "3×3×4")]
    [InlineData("Concatenate(\"input_1\", Axis = -1)", "Concatenate 'concatenate_1'", "3×3×4")]
    [InlineData("Concatenate(\"input_1\", Axis = 1, Name = \"c\")", "Concatenate 'c'", "3×3×4")]
    public void Concatenations_that_differ_along_another_axis(string layer, string title, string shape) =>
        Expect.Error(
            "CN0016",
            $"{title} joins values that differ along its axis at most, but its inputs are {shape} and 6×6×4. " +
            $"input 6×6×4 → max_pooling2d_1 3×3×4. Remedy: {ConcatenateRemedy}",
            $"[Input(6, 6, 4)]\n[MaxPooling2D, [|{layer}|]]\n[Flatten, Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("0")]
    [InlineData("3")]
    [InlineData("-3")]
    public void Concatenations_along_an_axis_that_there_is_not(string axis) =>
        Expect.Error(
            "CN0004", $"Concatenate: axis is {axis}; it must be -1 or from 1 to 2 for values of 4×3: 0 is the batch",
            $"[Input(4, 3)]\n[ReLU, Concatenate(\"input_1\", Axis = [|{axis}|])]\n[MeanSquaredError]");

    [Theory]
    [InlineData("Add([|\"stm\"|])")]
    [InlineData("Add(\"input_1\", [|\"stm\"|])")]
    [InlineData("Add(\"input_1\", \"stem\", [|\"stm\"|])")]
    [InlineData("Concatenate(\"stem\", [|\"stm\"|], \"input_1\")")]
    [InlineData("Concatenate(\"input_1\", \"stem\", [|\"stm\"|], Axis = 1, Name = \"c\")")]
    [InlineData("Add(\"stem\", From = [|\"stm\"|])")]
    public void An_unknown_name_is_underlined_itself(string layer) =>
        Expect.Error(
            "CN0008", "There is no layer 'stm' before this one; did you mean 'stem'?",
            $"[Input(4, Name = \"input_1\")]\n[Dense(4, Name = \"stem\"), ReLU]\n[{layer}]\n[Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("Add")]
    [InlineData("Concatenate")]
    public void A_name_like_no_other_is_given_no_suggestion(string layer) =>
        Expect.Error(
            "CN0008", "There is no layer 'entirely_else' before this one",
            $"[Input(4)]\n[Dense(4, Name = \"stem\")]\n[{layer}(\"stem\", [|\"entirely_else\"|])]\n[Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("Add(\"late\")")]
    [InlineData("Add(\"add_1\")")]
    public void What_comes_later_cannot_be_joined(string layer) =>
        Expect.Error(
            "CN0008", $"There is no layer '{layer.Split('"')[1]}' before this one",
            $"[Input(4)]\n[Dense(4, Name = \"stem\")]\n[{layer.Replace("(", "([|", StringComparison.Ordinal).Replace(")", "|])", StringComparison.Ordinal)}]\n" +
            "[Dense(2, Name = \"late\"), MeanSquaredError]");

    [Theory]
    [InlineData("Add")]
    [InlineData("Concatenate")]
    public void Four_inputs_are_the_most(string layer)
    {
        Expect.Nothing($"[Input(4)]\n[Dense(4, Name = \"a\"), {layer}(\"a\", \"input_1\", \"a\")]\n[MeanSquaredError]");
        Expect.Error(
            "CN0004", $"{layer}: layers is 4 names; it must be 1 to 3 names of earlier layers",
            $"[Input(4)]\n[Dense(4, Name = \"a\"), {layer}(\"a\", \"input_1\", \"a\", [|\"a\"|])]\n[MeanSquaredError]");
        Expect.Error(
            "CN0004", $"{layer}: layers is 5 names; it must be 1 to 3 names of earlier layers",
            $"[Input(4)]\n[Dense(4, Name = \"a\"), {layer}(\"a\", \"input_1\", \"a\", [|\"nowhere\"|], \"a\")]\n[MeanSquaredError]");
    }

    [Theory]
    [InlineData("Add")]
    [InlineData("Concatenate(Axis = 1)")]
    public void A_join_joins_something(string layer) =>
        Expect.Error(
            "CN0004", $"{layer.Split('(')[0]}: layers is 0 names; it must be 1 to 3 names of earlier layers",
            $"[Input(4)]\n[Dense(4), [|{layer}|]]\n[MeanSquaredError]");

    [Fact]
    public void Crops_larger_than_the_image() =>
        Expect.Error(
            "CN0005",
            "Cropping2D (1, 3)×(0, 5) 'cropping2d_1' cannot take a 6×5×2 input: nothing is left of it after 4 rows and 5 columns are cut off. " +
            "input 6×5×2. Remedy: crop less",
            "[Input(6, 5, 2)]\n[[|Cropping2D(1, 3, 0, 5)|]]\n[Flatten, Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("Cropping2D(2)")]
    [InlineData("Cropping2D(4, 0, 0, 4)")]
    public void One_row_and_one_column_may_be_left(string layer) =>
        Expect.Nothing($"[Input(5, 5, 2)]\n[{layer}]\n[Flatten, Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("Half", "50", 3)]
    [InlineData("Half", "50", 1)]
    [InlineData("Quarter", "25", 6)]
    [InlineData("Quarter", "25", 2)]
    public void Channels_that_do_not_divide(string filters, string percent, int channels) =>
        Expect.Error(
            "CN0004", $"Conv2D: filters is {percent} % of {channels} channels; it must be a whole number",
            $"[Input(8, 8, {channels})]\n[Conv2D([|Filters.{filters}|], 3)]\n[Flatten, Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("Same", 6, 6)]
    [InlineData("Twice", 6, 12)]
    [InlineData("FourTimes", 6, 24)]
    [InlineData("Half", 6, 3)]
    [InlineData("Quarter", 8, 2)]
    public void Channels_follow_the_input(string filters, int channels, int made) =>
        Assert.Equal(
            Expect.Nothing($"[Input(8, 8, {channels})]\n[Conv2D({made}, 3)]\n[Flatten, Dense(2), MeanSquaredError]").File,
            Expect.Nothing($"[Input(8, 8, {channels})]\n[Conv2D(Filters.{filters}, 3)]\n[Flatten, Dense(2), MeanSquaredError]").File);
}

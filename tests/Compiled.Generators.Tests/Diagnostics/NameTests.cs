namespace Compiled.Generators.Tests;

/// <summary>CN0008 and CN0009: names of layers.</summary>
public sealed class NameTests
{
    [Theory]
    [InlineData("encode1", "; did you mean 'encoder1'?")]
    [InlineData("Encoder1", "; did you mean 'encoder1'?")]
    [InlineData("dense_2", "; did you mean 'dense_1'?")]
    [InlineData("relu_l", "; did you mean 'relu_1'?")]
    [InlineData("image", "; did you mean 'images'?")]
    [InlineData("nothing_like_it", "")]
    [InlineData("", "")]
    public void An_unknown_name(string name, string hint) =>
        Expect.Error(
            "CN0008", $"There is no layer '{name}' before this one{hint}",
            $"""
            [Input(3, Name = "images")]
            [Dense(4, Name = "encoder1"), ReLU, Dense(4)]
            [Dense(2, From = [|"{name}"|]), MeanSquaredError]
            """);

    [Fact]
    public void The_name_of_a_later_layer() =>
        Expect.Error(
            "CN0008", "There is no layer 'late' before this one",
            "[Input(3)]\n[Dense(4, From = [|\"late\"|])]\n[Dense(2, Name = \"late\"), MeanSquaredError]");

    [Fact]
    public void Its_own_name() =>
        Expect.Error(
            "CN0008", "There is no layer 'me_myself' before this one",
            "[Input(3)]\n[Dense(4, Name = \"me_myself\", From = [|\"me_myself\"|])]\n[MeanSquaredError]");

    [Fact]
    public void An_input_reads_nothing() =>
        Expect.Error("CN0008", "There is no layer 'x' before this one", "[Input(3, From = [|\"x\"|])]\n[Dense(2), MeanSquaredError]");

    [Fact]
    public void A_name_used_twice() =>
        Expect.Error(
            "CN0009", "The name 'a' is taken by an earlier layer: names are unique in a model",
            "[Input(3)]\n[Dense(4, Name = \"a\")]\n[ReLU(Name = [|\"a\"|])]\n[Dense(2), MeanSquaredError]");

    [Fact]
    public void The_automatic_name_of_an_earlier_layer() =>
        Expect.Error(
            "CN0009", "The name 'dense_1' is taken by an earlier layer: names are unique in a model",
            "[Input(3)]\n[Dense(4)]\n[Dense(2, Name = [|\"dense_1\"|]), MeanSquaredError]");

    [Fact]
    public void An_automatic_name_that_an_earlier_layer_was_given() =>
        Expect.Error(
            "CN0009", "The name 'dense_1' is taken by an earlier layer: names are unique in a model",
            "[Input(3)]\n[Dense(4, Name = \"dense_1\")]\n[[|Dense(2)|], MeanSquaredError]");

    [Theory]
    [InlineData("input_1", "Input(3)")]
    [InlineData("images", "Input(3, Name = \"images\")")]
    public void The_name_of_the_input(string name, string input) =>
        Expect.Error(
            "CN0009", $"The name '{name}' is taken by an earlier layer: names are unique in a model",
            $"[{input}]\n[Dense(4, Name = [|\"{name}\"|]), MeanSquaredError]");
}

namespace Compiled.Generators.Tests;

/// <summary>CN0012, CN0013 and CN0014: losses that do not fit, softmax upon softmax, layers without effect.</summary>
public sealed class LossTests
{
    private const string NeedsSoftmax = "it needs probabilities; put [Softmax] before it";

    [Theory]
    [InlineData("Dense(3)", "Dense 3")]
    [InlineData("Dense(3), Sigmoid", "Sigmoid")]
    [InlineData("Dense(3), Activation(Activation.Tanh)", "Tanh")]
    [InlineData("Dense(3), Softmax, Dropout(0.5)", "Dropout 0.5")]
    [InlineData("Dense(3), LogSoftmax", "LogSoftmax")]
    [InlineData("Dense(6), GLU", "GLU")]
    public void A_crossentropy_without_a_softmax(string layers, string head)
    {
        foreach (string loss in (string[])["CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
            Expect.Error("CN0012", $"{loss} does not fit the output of {head}: {NeedsSoftmax}", $"[Input(4)]\n[{layers}]\n[[|{loss}|]]");
    }

    [Fact]
    public void A_crossentropy_of_the_input() =>
        Expect.Error(
            "CN0012", $"CategoricalCrossentropy does not fit the output of the input: {NeedsSoftmax}",
            "[Input(4)]\n[[|CategoricalCrossentropy|]]");

    [Theory]
    [InlineData("Dense(1), Softmax")]
    [InlineData("Dense(1), Sigmoid")]
    public void A_crossentropy_over_one_unit(string layers)
    {
        foreach (string loss in (string[])["CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
        {
            Expect.Error(
                "CN0012", $"{loss} does not fit an output of one unit: softmax over one unit is always 1; use at least two units",
                $"[Input(4)]\n[{layers}, [|{loss}|]]");
        }
    }

    [Theory]
    [InlineData("Dense(3)", "Dense 3")]
    [InlineData("Dense(3), Tanh", "Tanh")]
    public void A_binary_crossentropy_without_a_sigmoid(string layers, string head)
    {
        foreach (string loss in (string[])["BinaryCrossentropy", "BinaryFocalCrossentropy"])
        {
            Expect.Error(
                "CN0012", $"{loss} does not fit the output of {head}: it needs probabilities; put [Sigmoid] before it",
                $"[Input(4)]\n[{layers}]\n[[|{loss}|]]");
        }
    }

    [Theory]
    [InlineData("Softmax", "CategoricalCrossentropy")]
    [InlineData("Softmax", "SparseCategoricalCrossentropy")]
    [InlineData("Sigmoid", "BinaryCrossentropy")]
    public void An_activation_before_a_loss_from_logits(string head, string loss) =>
        Expect.Error(
            "CN0012",
            $"{loss} does not fit the output of {head}: with FromLogits the activation is part of the loss; remove [{head}], or FromLogits",
            $"[Input(4)]\n[Dense(3), {head}]\n[[|{loss}(FromLogits = true)|]]");

    [Theory]
    [InlineData("CategoricalHinge", "it compares classes; use at least two units")]
    [InlineData("CosineSimilarity", "the direction of one number is its sign, and flat; use at least two units")]
    public void A_loss_of_several_units_over_one(string loss, string reason) =>
        Expect.Error("CN0012", $"{loss} does not fit an output of one unit: {reason}", $"[Input(4)]\n[Dense(1)]\n[[|{loss}|]]");

    [Theory]
    [InlineData("Softmax, CategoricalCrossentropy(LabelSmoothing = [|1.5|])", "CategoricalCrossentropy: labelSmoothing is 1.5; it must be from 0 to 1")]
    [InlineData("Huber([|0|])", "Huber: delta is 0; it must be a float greater than 0")]
    [InlineData("Softmax, CategoricalFocalCrossentropy(Alpha = [|2|])", "CategoricalFocalCrossentropy: alpha is 2; it must be from 0 to 1")]
    public void A_property_out_of_range(string layers, string message) =>
        Expect.Error("CN0004", message, $"[Input(4)]\n[Dense(3), {layers}]");

    [Fact]
    public void A_crossentropy_from_elsewhere() =>
        Expect.Error(
            "CN0012", $"SparseCategoricalCrossentropy does not fit the output of Dense 3: {NeedsSoftmax}",
            "[Input(4)]\n[Dense(3), Softmax]\n[[|SparseCategoricalCrossentropy(From = \"dense_1\")|]]");

    [Theory]
    [InlineData("Softmax", "Softmax")]
    [InlineData("Activation(Activation.Softmax)", "Softmax")]
    [InlineData("Softmax", "Activation(activation: Activation.Softmax)")]
    public void A_softmax_of_a_softmax(string first, string second) =>
        Expect.Error(
            "CN0013",
            "Softmax 'softmax_2' follows another softmax: applied twice it flattens the probabilities and training stalls; remove one",
            $"[Input(4)]\n[Dense(3), {first}]\n[[|{second}|], CategoricalCrossentropy]");

    [Fact]
    public void A_branch_that_reaches_no_loss() =>
        Expect.Warnings(
            "CN0014",
            [
                "The output of Dense 8 'side' reaches no loss: remove it, or read it with From",
                "The output of ReLU 'relu_1' reaches no loss: remove it, or read it with From",
            ],
            """
            [Input(4)]
            [Dense(3, Name = "stem")]
            [[|Dense(8, Name = "side")|], [|ReLU|]]
            [Dense(2, From = "stem"), MeanSquaredError]
            """);

    [Fact]
    public void Layers_that_the_loss_passes_over() =>
        Expect.Warnings(
            "CN0014", ["The output of MaxPooling2D 2×2 'max_pooling2d_1' reaches no loss: remove it, or read it with From"],
            "[Input(4, 4, 1)]\n[Conv2D(2, 1), [|MaxPooling2D|]]\n[MeanSquaredError(From = \"conv2d_1\")]");
}

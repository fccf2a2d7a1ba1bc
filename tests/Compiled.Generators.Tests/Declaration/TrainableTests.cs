namespace Compiled.Generators.Tests;

/// <summary>Layers that do not learn: what is not made for them.</summary>
public sealed class TrainableTests
{
    [Theory]
    [InlineData("Dense(4, Trainable = false), ReLU, Dense(3)", "dense_2")]
    [InlineData("Dense(4), ReLU, Dense(3, Trainable = false)", "dense_2, dense_1 relu_1")]
    [InlineData("Dense(4, Trainable = false), BatchNormalization(Trainable = false), Dense(3, Trainable = false)", "")]
    [InlineData("LayerNormalization(Trainable = false), Dense(3)", "dense_1")]
    [InlineData("Dense(4, Trainable = false), LayerNormalization", "layer_normalization_1")]
    public void Only_what_something_that_learns_needs_has_a_backward_call(string layers, string backward)
    {
        ModelLayout layout = Network.Layout(Project.Of(Expect.Declare($"[Input(5)]\n[{layers}, MeanSquaredError]")));
        Assert.Equal(
            backward,
            string.Join(", ", layout.Graph.Backward.Select(number => string.Join(
                " ", layout.Stages[number - 1].Stage.Nodes.Select(node => layout.Graph.Graph.Nodes[node].Name)))));
    }

    [Theory]
    [InlineData("Conv2D(4, 3, Trainable = false)")]
    [InlineData("DepthwiseConv2D(3, Trainable = false)")]
    [InlineData("SeparableConv2D(4, 3, Trainable = false)")]
    [InlineData("Conv2DTranspose(4, 3, Trainable = false)")]
    [InlineData("LayerNormalization(Trainable = false)")]
    [InlineData("BatchNormalization(Trainable = false)")]
    [InlineData("Dense(4, Trainable = false)")]
    public void Between_others_it_hands_the_gradient_on_and_makes_none_of_its_own(string layer)
    {
        string code = Project.Of(Expect.Declare($"[Input(6, 6, 2)]\n[Conv2D(3, 3), {layer}, Flatten, Dense(2), MeanSquaredError]")).File;
        int begin = code.IndexOf("void BackwardCore()", StringComparison.Ordinal), end = code.IndexOf("// One call of", StringComparison.Ordinal);
        string backward = code[begin..end];
        int first = layer.StartsWith("Separable", StringComparison.Ordinal) ? 2 : 1;
        Assert.Equal(first, backward.Split("kernel: 0, dbias: 0").Length - 1 + (backward.Split("dgamma: 0, dbeta: 0").Length - 1));
        Assert.Equal(2, backward.Split("kernel: Gradient(").Length - 1);
    }

    [Fact]
    public void What_only_its_gradients_read_is_not_kept()
    {
        long Kept(string options) => Network.Layout(Project.Of(Expect.Declare(
            $"[Input(8, 8, 4)]\n[Conv2D(4, 3), AveragePooling2D(2), Conv2D(16, 2{options}), ReLU, Flatten, Dense(2), MeanSquaredError]"))).SavedBytes;
        Assert.True(Kept(", Trainable = false") < Kept(""));
    }

    [Fact]
    public void Its_weights_lie_behind_those_that_learn()
    {
        ModelLayout layout = Network.Layout(Project.Of(Expect.Declare("[Input(5)]\n[Dense(4, Trainable = false), Dense(3), MeanSquaredError]")));
        Assert.Equal([128L, 256, 0, 64], layout.Parameters.Select(offset => offset));
        Assert.Equal(128, layout.TrainableBytes);
    }
}

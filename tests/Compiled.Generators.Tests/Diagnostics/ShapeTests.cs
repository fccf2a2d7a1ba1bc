namespace Compiled.Generators.Tests;

/// <summary>CN0005, CN0006 and CN0010: shapes that do not fit, told with the chain of shapes that led there.</summary>
public sealed class ShapeTests
{
    [Fact]
    public void A_convolution_that_does_not_fit() =>
        Expect.Error(
            "CN0005",
            "Conv2D 5×5 'conv2d_2' cannot take a 4×4×8 input: the window 5×5 does not fit into it. " +
            "input 10×10×3 → conv2d_1 8×8×8 → relu_1 8×8×8 → max_pooling2d_1 4×4×8. " +
            "Remedy: use Padding = Padding.Same, a smaller kernel, or one pooling less before it",
            "[Input(10, 10, 3)]\n[Conv2D(8, 3), ReLU, MaxPooling2D(2)]\n[[|Conv2D(8, 5)|], ReLU]\n[Flatten, Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("Conv2D(8, 3, 11)", "Conv2D 3×11")]
    [InlineData("Conv2D(8, 11, 3, Strides = 2)", "Conv2D 11×3 stride 2")]
    [InlineData("Conv2D(8, 6, DilationRate = 2)", "Conv2D 6×6 dilation 2")]
    [InlineData("Conv2D(8, 6, DilationRateWidth = 2)", "Conv2D 6×6 dilation 1×2")]
    [InlineData("Conv2D(8, 1, 2, DilationRate = 2147483647)", "Conv2D 1×2 dilation 2147483647")]
    [InlineData("Conv2D(8, 2147483647, StridesHeight = 1, StridesWidth = 2)", "Conv2D 2147483647×2147483647 stride 1×2")]
    public void A_convolution_that_does_not_fit_in_one_direction(string layer, string title) =>
        Expect.Error(
            "CN0005",
            $"{title} 'conv2d_1' cannot take a 10×10×3 input: the window {title["Conv2D ".Length..]} does not fit into it. " +
            "input 10×10×3. " +
            "Remedy: use Padding = Padding.Same, a smaller kernel, or one pooling less before it",
            $"[Input(10, 10, 3)]\n[[|{layer}|]]\n[Flatten, Dense(2), MeanSquaredError]");

    [Fact]
    public void A_pooling_that_does_not_fit() =>
        Expect.Error(
            "CN0005",
            "MaxPooling2D 2×2 'max_pooling2d_2' cannot take a 1×1×3 input: the window 2×2 stride 2 does not fit into it. " +
            "input 3×3×3 → max_pooling2d_1 1×1×3. Remedy: remove it, use Padding = Padding.Same on it, or on a convolution before it",
            "[Input(3, 3, 3)]\n[MaxPooling2D, [|MaxPooling2D|]]\n[Flatten, Dense(2), MeanSquaredError]");

    [Fact]
    public void Only_the_last_layers_of_a_long_chain_are_told() =>
        Expect.Error(
            "CN0005",
            "Conv2D 3×3 'conv2d_10' cannot take a 2×2×1 input: the window 3×3 does not fit into it. " +
            "… → conv2d_2 16×16×1 → conv2d_3 14×14×1 → conv2d_4 12×12×1 → conv2d_5 10×10×1 → conv2d_6 8×8×1 → " +
            "conv2d_7 6×6×1 → conv2d_8 4×4×1 → conv2d_9 2×2×1. " +
            "Remedy: use Padding = Padding.Same, a smaller kernel, or one pooling less before it",
            $"[Input(20, 20, 1)]\n{string.Concat(Enumerable.Repeat("[Conv2D(1, 3)]", 9))}\n[[|Conv2D(1, 3)|]]\n[MeanSquaredError]");

    [Fact]
    public void The_chain_follows_a_branch() =>
        Expect.Error(
            "CN0010",
            "Conv2D 3×3 'conv2d_1' takes images [height, width, channels], but its input is 75. input 5×5×3 → flat 75. " +
            "Remedy: put it before [Flatten], or give [Input] three extents",
            """
            [Input(5, 5, 3)]
            [Flatten(Name = "flat"), Dense(4)]
            [[|Conv2D(2, 3, From = "flat")|]]
            [Flatten, Dense(2), MeanSquaredError]
            """);

    [Theory]
    [InlineData("Conv2D(4, 3)", "Conv2D 3×3 'conv2d_1'")]
    [InlineData("MaxPooling2D(2, 1)", "MaxPooling2D 2×1 'max_pooling2d_1'")]
    public void An_image_layer_on_vectors(string layer, string title) =>
        Expect.Error(
            "CN0010",
            $"{title} takes images [height, width, channels], but its input is 10. input 784 → dense_1 10. " +
            "Remedy: put it before [Flatten], or give [Input] three extents",
            $"[Input(784)]\n[Dense(10)]\n[[|{layer}|]]\n[Flatten, Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("28, 28", "28×28")]
    [InlineData("2, 3, 4, 5", "2×3×4×5")]
    public void An_image_layer_on_another_rank(string extents, string shape) =>
        Expect.Error(
            "CN0010",
            $"Conv2D 1×1 'conv2d_1' takes images [height, width, channels], but its input is {shape}. input {shape}. " +
            "Remedy: put it before [Flatten], or give [Input] three extents",
            $"[Input({extents})]\n[[|Conv2D(4, 1)|]]\n[Flatten, Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("GLU")]
    [InlineData("Activation(Activation.GLU)")]
    public void A_gated_linear_unit_of_an_odd_axis(string layer) =>
        Expect.Error(
            "CN0010",
            "GLU 'glu_1' takes two halves of the last axis, but its input is 7. input 4 → dense_1 7. " +
            "Remedy: make the last axis even, not 7: twice the units or filters that are to be left",
            $"[Input(4)]\n[Dense(7), [|{layer}|]]\n[Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("2147483647, 2", "2147483647×2")]
    [InlineData("65536, 32768", "65536×32768")]
    [InlineData("2147483647, 2147483647, 2147483647, 2147483647", "2147483647×2147483647×2147483647×2147483647")]
    public void An_input_that_is_too_large(string extents, string shape) =>
        Expect.Error(
            "CN0006", $"Input has {shape} elements per sample; the limit is 2,147,483,647 elements. input {shape}. Remedy: smaller extents",
            $"[[|Input({extents})|]]\n[Dense(2), MeanSquaredError]");

    [Fact]
    public void The_largest_input() => Expect.Nothing("[Input(2147483647)]\n[Dense(1), MeanSquaredError]");

    [Fact]
    public void An_output_that_is_too_large() =>
        Expect.Error(
            "CN0006",
            "Conv2D 1×1 'conv2d_1' gives 1000×1000×3000 = 3,000,000,000 elements per sample; the limit is 2,147,483,647 elements. " +
            "input 1000×1000×3. Remedy: fewer filters or units, or a pooling before it",
            "[Input(1000, 1000, 3)]\n[[|Conv2D(3000, 1)|]]\n[Flatten, Dense(2), MeanSquaredError]");

    [Fact]
    public void An_output_of_more_elements_than_64_bits_count() =>
        Expect.Error(
            "CN0006",
            "Dense 2147483647 'dense_1' gives 40000×40000×2147483647 = 3,435,973,835,200,000,000 elements per sample; " +
            "the limit is 2,147,483,647 elements. input 40000×40000×1. Remedy: fewer filters or units, or a pooling before it",
            "[Input(40000, 40000, 1)]\n[[|Dense(2147483647)|]]\n[MeanSquaredError]");

    [Fact]
    public void Weights_that_are_too_many() =>
        Expect.Error(
            "CN0006",
            "Dense 100000 'dense_1' needs a kernel of 30000×100000 = 3,000,000,000 weights; the limit is 2,147,483,647 elements. " +
            "input 30000. Remedy: fewer filters or units, or a pooling before it",
            "[Input(30000)]\n[[|Dense(100000)|], ReLU]\n[Dense(2), MeanSquaredError]");

    [Fact]
    public void A_kernel_of_more_weights_than_64_bits_count() =>
        Expect.Error(
            "CN0006",
            "Conv2D 2147483647×2147483647 same 'conv2d_1' needs a kernel of 2147483647×2147483647×3×4 = more than 9e18 weights; " +
            "the limit is 2,147,483,647 elements. input 8×8×3. Remedy: fewer filters or units, or a pooling before it",
            "[Input(8, 8, 3)]\n[[|Conv2D(4, 2147483647, Padding = Padding.Same)|]]\n[Flatten, Dense(2), MeanSquaredError]");

    [Fact]
    public void The_largest_dilation() =>
        Expect.Nothing(
            "[Input(8, 8, 3)]\n[Conv2D(4, 9, Padding = Padding.Same, DilationRate = 2147483647)]\n[Flatten, Dense(2), MeanSquaredError]");
}

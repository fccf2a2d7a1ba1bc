namespace Compiled.Generators.Tests;

/// <summary>The kinds of convolutions: what they give, which weights they have and into which stages they go.</summary>
public sealed class ConvolutionTests
{
    [Theory]
    [InlineData("Conv2D(12, 3, Groups = 2)", "6×8×12", "kernel 3×3×3×12, bias 12")]
    [InlineData("Conv2D(12, 3, Groups = 6, UseBias = false)", "6×8×12", "kernel 3×3×1×12")]
    [InlineData("DepthwiseConv2D(3)", "6×8×6", "depthwise_kernel 3×3×6×1, bias 6")]
    [InlineData("DepthwiseConv2D(3, 2, DepthMultiplier = 2, UseBias = false)", "6×9×12", "depthwise_kernel 3×2×6×2")]
    [InlineData("DepthwiseConv2D(3, Strides = 2, Padding = Padding.Same)", "4×5×6", "depthwise_kernel 3×3×6×1, bias 6")]
    [InlineData("SeparableConv2D(10, 3)", "6×8×10", "depthwise_kernel 3×3×6×1, pointwise_kernel 1×1×6×10, bias 10")]
    [InlineData("SeparableConv2D(Filters.Half, 5, DepthMultiplier = 4, Padding = Padding.Same, DilationRate = 2, UseBias = false)", "8×10×3", "depthwise_kernel 5×5×6×4, pointwise_kernel 1×1×24×3")]
    [InlineData("Conv2DTranspose(4, 2, Strides = 2)", "16×20×4", "kernel 2×2×4×6, bias 4")]
    [InlineData("Conv2DTranspose(4, 3, 1, Strides = 2)", "17×20×4", "kernel 3×1×4×6, bias 4")]
    [InlineData("Conv2DTranspose(Filters.Half, 3, Strides = 2, Padding = Padding.Same, UseBias = false)", "16×20×3", "kernel 3×3×3×6")]
    [InlineData("Conv2DTranspose(4, 3, DilationRate = 2)", "12×14×4", "kernel 3×3×4×6, bias 4")]
    [InlineData("Conv2DTranspose(4, 3, DilationRateHeight = 2)", "12×12×4", "kernel 3×3×4×6, bias 4")]
    [InlineData("Conv2D(4, 3, DilationRate = 2, DilationRateWidth = 1)", "4×8×4", "kernel 3×3×6×4, bias 4")]
    [InlineData("Conv2DTranspose(4, 3, Strides = 2, Padding = Padding.Same, OutputPadding = 0)", "15×19×4", "kernel 3×3×4×6, bias 4")]
    [InlineData("Conv2DTranspose(4, 3, Strides = 3, OutputPadding = 2, OutputPaddingWidth = 0)", "26×30×4", "kernel 3×3×4×6, bias 4")]
    public void Shapes_and_weights_are_those_of_Keras(string layer, string shape, string weights)
    {
        Graph graph = Network.Of(Project.Of(Expect.Declare($"[Input(8, 10, 6)]\n[{layer}, MeanSquaredError]")));
        Assert.Equal(shape, graph.Values[graph.Output].Shape.ToString());
        Assert.Equal(
            weights, string.Join(", ", graph.Parameters.Select(parameter => $"{parameter.Spec.Name} {parameter.Spec.Shape}")));
        Assert.All(graph.Parameters, parameter => Assert.Equal(graph.Nodes[0].Layer, graph.Nodes[parameter.Node].Layer));
    }

    [Theory]
    [InlineData("Conv2D(12, 3, Groups = 3)", "18 to 108")] // fans of the kernel as it is stored
    [InlineData("DepthwiseConv2D(3, DepthMultiplier = 2)", "54 to 18")]
    [InlineData("Conv2DTranspose(5, 3)", "45 to 54")]
    [InlineData("SeparableConv2D(5, 3, DepthMultiplier = 2)", "54 to 18, 12 to 5")]
    public void Kernels_start_with_the_fans_of_Keras(string layer, string fans)
    {
        Graph graph = Network.Of(Project.Of(Expect.Declare($"[Input(8, 10, 6)]\n[{layer}, MeanSquaredError]")));
        IEnumerable<ParameterSpec> kernels =
            graph.Parameters.Select(parameter => parameter.Spec).Where(spec => spec.Initializer == "GlorotUniform");
        Assert.Equal(fans, string.Join(", ", kernels.Select(spec => $"{spec.FanIn} to {spec.FanOut}")));
    }

    [Theory]
    [InlineData("Conv2D(12, 3, Groups = 2), ReLU, MaxPooling2D, Dropout(0.5)", "conv2d_1 relu_1 max_pooling2d_1 dropout_1")]
    [InlineData("DepthwiseConv2D(3), ReLU, MaxPooling2D, Dropout(0.5)", "depthwise_conv2d_1 relu_1 max_pooling2d_1 dropout_1")]
    [InlineData("DepthwiseConv2D(3, Activation = Activation.Tanh)", "depthwise_conv2d_1 depthwise_conv2d_1/tanh")]
    [InlineData("Conv2DTranspose(4, 3), ReLU, Dropout(0.5)", "conv2d_transpose_1 relu_1", "dropout_1")]
    [InlineData("Conv2DTranspose(4, 3, Activation = Activation.Sigmoid), MaxPooling2D", "conv2d_transpose_1 conv2d_transpose_1/sigmoid", "max_pooling2d_1")]
    [InlineData("SeparableConv2D(4, 3), ReLU, MaxPooling2D", "separable_conv2d_1", "separable_conv2d_1/pointwise relu_1 max_pooling2d_1")]
    [InlineData(
        "SeparableConv2D(4, 3, Activation = Activation.ReLU), Dropout(0.5)", "separable_conv2d_1",
        "separable_conv2d_1/pointwise separable_conv2d_1/relu dropout_1")]
    public void What_follows_joins_the_last_convolution(string layers, params string[] stages) =>
        Assert.Equal(stages, Network.Stages(Project.Of(Expect.Declare($"[Input(9, 9, 6)]\n[{layers}, MeanSquaredError]"))));

    [Fact]
    public void A_separable_convolution_has_one_member_for_its_weights() =>
        Expect.NothingIn(
            Expect.Declare("[Input(9, 9, 6)]\n[DepthwiseConv2D(3), SeparableConv2D(4, 3, UseBias = false, Name = \"last\"), MeanSquaredError]"),
            """
            internal static class Program
            {
                public static (Compiled.Conv2DWeights, Compiled.Weight, Compiled.Weight, Compiled.Weight?) Weights(Net net) =>
                    (net.DepthwiseConv2D1, net.Last.DepthwiseKernel, net.Last.PointwiseKernel, net.Last.Bias);
            }
            """);

    [Fact]
    public void A_transposed_convolution_may_be_too_large() =>
        Expect.Error(
            "CN0006",
            "Conv2DTranspose 1×1 stride 2147483647 'conv2d_transpose_1' gives 17179869176×21474836470×4 = more than 9e18 elements per sample; " +
            "the limit is 2,147,483,647 elements. input 8×10×6. Remedy: fewer filters or units, or a pooling before it",
            "[Input(8, 10, 6)]\n[[|Conv2DTranspose(4, 1, Strides = 2147483647)|], MeanSquaredError]");

    [Theory]
    [InlineData("DepthwiseConv2D(3)", "DepthwiseConv2D 3×3 'depthwise_conv2d_1'")]
    [InlineData("SeparableConv2D(4, 3)", "SeparableConv2D 3×3 'separable_conv2d_1'")]
    [InlineData("Conv2D(4, 3, Groups = 2)", "Conv2D 3×3 groups 2 'conv2d_1'")]
    [InlineData("Conv2DTranspose(4, 2, Strides = 2)", "Conv2DTranspose 2×2 stride 2 'conv2d_transpose_1'")]
    public void A_convolution_of_vectors_is_an_error(string layer, string title) =>
        Expect.Error(
            "CN0010",
            $"{title} takes images [height, width, channels], but its input is 7. input 7. " +
            "Remedy: put it before [Flatten], or give [Input] three extents",
            $"[Input(7)]\n[[|{layer}|], Flatten, Dense(2), MeanSquaredError]");
}

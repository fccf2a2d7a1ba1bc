using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Known results of layers, small enough to be checked by hand.</summary>
public sealed class LayerFactTests
{
    private static readonly Tensor Cross = new([3, 3, 1, 1], [1, 0, 1, 0, 1, 0, 1, 0, 1]);

    private static readonly Tensor Picture = Near.Image(5, 5, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0);

    [Fact]
    public void Convolutions_with_a_cross()
    {
        Near.Equal([4, 3, 4, 2, 4, 3, 2, 3, 4], Convolution.Forward(Picture, Cross, null, new Window2D(3, 3, 1, 1, Same: false)).Values);
        Near.Equal(
            [2, 2, 3, 1, 1, 1, 4, 3, 4, 1, 1, 2, 4, 3, 3, 1, 2, 3, 4, 1, 0, 2, 2, 1, 1],
            Convolution.Forward(Picture, Cross, null, new Window2D(3, 3, 1, 1, Same: true)).Values);
        Near.Equal([2, 3, 1, 1, 4, 3, 0, 2, 1], Convolution.Forward(Picture, Cross, null, new Window2D(3, 3, 2, 2, Same: true)).Values);
    }

    [Fact]
    public void Convolutions_with_strides_padding_and_dilation()
    {
        Tensor ones = new Tensor([3, 3, 1, 1]).Map(_ => 1), small = new Tensor([2, 2, 1, 1]).Map(_ => 1);
        Near.Equal([45, 39, 66, 50], Convolution.Forward(Near.Counting(4, 0), ones, null, new Window2D(3, 3, 2, 2, Same: true)).Values);
        Near.Equal(
            [37, 47, 21, 67, 77, 33, 23, 26, 9],
            Convolution.Forward(
                Near.Counting(3, 1), new Tensor([2, 2, 1, 1], [1, 2, 3, 4]), null, new Window2D(2, 2, 1, 1, Same: true)).Values);
        Near.Equal(
            [20, 24, 36, 40], Convolution.Forward(Near.Counting(4, 0), small, null, new Window2D(2, 2, 1, 1, Same: false, 2, 2)).Values);
    }

    [Fact]
    public void Dense_layers()
    {
        Tensor x = new([1, 2], [-1, 2]), kernel = new([2, 2], [1, -2, 3, -4]), bias = new([2], [5, -6]), dy = new([1, 2], [1, 1]);
        Near.Equal([5, -6], FullyConnected.Forward(x, kernel, null).Values);
        Near.Equal([10, 0], new ActivationRule("relu").Forward(FullyConnected.Forward(x, kernel, bias)).Values);
        LayerGolden.OnEachTarget((context, who) =>
        {
            context.SetState(1);
            Compare.Same(who, [5, -6], Kernels.Dense(context, Kernels.Describe(x, kernel, useBias: false), x, kernel, null, dy).Y);
            cn_dense_desc rectified = Kernels.Describe(x, kernel, useBias: true) with { activation = (int)cn_activation.CN_ACTIVATION_RELU };
            Compare.Same(who, [10, 0], Kernels.Dense(context, rectified, x, kernel, bias, dy).Y);
        });
    }

    // The windows with which Keras compares its convolution with a naive one, on images of 8×8×4.
    [Theory]
    [InlineData(5, 2, 2, 1, 1, false)]
    [InlineData(4, 3, 3, 2, 2, true)]
    [InlineData(6, 2, 2, 1, 1, true, 2, 2, 2)]
    [InlineData(6, 2, 2, 1, 1, true, 2, 3, 2)]
    [InlineData(6, 4, 3, 2, 1, false, 1, 1, 2)]
    public void Convolutions_are_sums_of_products(
        int filters, int height, int width, int strideHeight, int strideWidth, bool same, int dilationHeight = 1, int dilationWidth = 1,
        int groups = 1)
    {
        var window = new Window2D(height, width, strideHeight, strideWidth, same, dilationHeight, dilationWidth);
        Tensor x = Draw.Reals(1, 2, 8, 8, 4), kernel = Draw.Reals(2, height, width, 4 / groups, filters), bias = Draw.Reals(3, filters);
        Tensor y = Convolution.Forward(x, kernel, bias, window);
        LayerGolden.OnEachTarget((context, who) =>
        {
            context.SetState(2);
            cn_conv2d_desc desc = Kernels.Describe(x, kernel, window, useBias: true);
            desc.groups = groups;
            Compare.Sum(who, y.Values, Kernels.Convolve(context, desc, x, kernel, bias, y).Y, height * width * 4 / groups);
        });
    }

    [Theory]
    [InlineData(5, 2, 2, 1, 3, 0)]
    [InlineData(6, 3, 2, 1, 3, 0)]
    [InlineData(5, 3, 2, 1, 3, 1)]
    [InlineData(7, 3, 2, 1, 4, 1)]
    [InlineData(4, 3, 2, 1, 2, 0)]
    [InlineData(10, 3, 3, 1, 4, 1)]
    [InlineData(32, 5, 1, 1, 32, 2)]
    [InlineData(32, 2, 1, 1, 32, 0)]
    [InlineData(224, 7, 1, 1, 224, 3)]
    [InlineData(224, 7, 2, 1, 112, 2)]
    [InlineData(3, 5, 1, 1, 3, 2)]
    [InlineData(5, 1, 2, 1, 3, 0)]
    [InlineData(8, 3, 1, 2, 8, 2)]
    [InlineData(8, 2, 1, 3, 8, 1)]
    public void Padding_that_keeps_the_size(int input, int kernel, int stride, int dilation, int output, int before)
    {
        var window = new Window2D(kernel, kernel, stride, stride, Same: true, dilation, dilation);
        Assert.Equal((output, before), (window.OutputHeight(input), window.PadTop(input)));
        Assert.Equal((output, before), (window.OutputWidth(input), window.PadLeft(input)));
    }

    [Theory]
    [InlineData(32, 5, 1, 28)]
    [InlineData(32, 5, 2, 14)]
    public void Windows_inside_an_image(int input, int kernel, int stride, int output)
    {
        var window = new Window2D(kernel, kernel, stride, stride, Same: false);
        Assert.Equal((output, 0), (window.OutputHeight(input), window.PadTop(input)));
        Assert.Equal((output, 0), (window.OutputWidth(input), window.PadLeft(input)));
    }

    [Fact]
    public void Groups_of_a_convolution_do_not_see_each_other()
    {
        Tensor x = Draw.Reals(1, 3, 4, 4, 4), kernel = Draw.Reals(2, 2, 2, 2, 6);
        var window = new Window2D(2, 2, 1, 1, Same: true, 2, 2);
        IReadOnlyList<Tensor> halves = Joins.ConcatenateBackward(-1, x, [3, 4, 4, 2], [3, 4, 4, 2]);
        IReadOnlyList<Tensor> kernels = Joins.ConcatenateBackward(-1, kernel, [2, 2, 2, 3], [2, 2, 2, 3]);
        Tensor expected = Joins.Concatenate(-1, [.. halves.Zip(kernels, (half, part) => Convolution.Forward(half, part, null, window))]);
        Tensor y = Convolution.Forward(x, kernel, null, window);
        Assert.Equal([3, 4, 4, 6], y.Shape);
        Near.Equal(expected.Values, y.Values, 1e-12);
    }

    [Fact]
    public void Depthwise_filters_see_one_channel_each()
    {
        var window = new Window2D(1, 2, 1, 1, Same: false);
        Tensor x = new([1, 1, 2, 2], [1, 10, 2, 20]), kernel = new([1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
        Near.Equal([11, 14, 170, 200], DepthwiseConvolution.Forward(x, kernel, null, window).Values);
        Tensor pointwise = new([1, 1, 4, 1], [1, 2, 3, 4]);
        Near.Equal([11 + 28 + 510 + 800 + 0.5], SeparableConvolution.Forward(x, kernel, pointwise, new Tensor([1], [0.5]), window).Values);
    }

    [Theory]
    [InlineData(224, 2, 7, true, null, 448)]
    [InlineData(32, 1, 5, false, null, 36)]
    [InlineData(32, 2, 5, false, null, 67)]
    [InlineData(224, 2, 7, true, 0, 447)]
    [InlineData(224, 2, 7, true, 1, 448)]
    [InlineData(32, 2, 5, false, 1, 68)]
    public void Extents_of_transposed_convolutions(int input, int stride, int kernel, bool same, int? padding, int output)
    {
        var window = new Window2D(kernel, kernel, stride, stride, same);
        (int, int)? outputPadding = padding is int more ? (more, more) : null;
        Assert.Equal((output, output), TransposedConvolution.Extents([1, input, input, 1], window, outputPadding));
    }

    [Fact]
    public void Transposed_convolutions_spread_the_kernel()
    {
        Tensor x = Near.Image(1, 2, 1, 2), kernel = new([1, 3, 1, 1], [1, 10, 100]);
        double[] Spread(int stride, bool same) =>
            TransposedConvolution.Forward(x, kernel, null, new Window2D(1, 3, 1, stride, same)).Values;
        Near.Equal([1, 10, 102, 20, 200], Spread(2, same: false));
        Near.Equal([1, 10, 102, 20], Spread(2, same: true));
        Near.Equal([1, 12, 120, 200], Spread(1, same: false));
        Near.Equal([12, 120], Spread(1, same: true));
        Near.Equal([1, 10, 100, 0, 2, 20, 200, 0], Spread(4, same: false));
        Near.Equal([1, 10, 100, 0, 2, 20, 200, 0], Spread(4, same: true));
        Near.Equal([1, 0, 10 + 2, 0, 100 + 20, 0, 200], TransposedConvolution.Forward(
            Near.Image(1, 3, 1, 0, 2), new Tensor([1, 3, 1, 1], [1, 10, 100]), null, new Window2D(1, 3, 1, 1, Same: false, 1, 2)).Values);
    }

    [Fact]
    public void Activations_of_a_few_numbers()
    {
        static double[] Run(ActivationRule activation, params double[] x) => activation.Forward(new Tensor([1, x.Length], x)).Values;
        Near.Equal([0, 0, 0, 5, 10], Run(new("relu", MaxValue: 10), -10, -5, 0, 5, 10));
        Near.Equal([-5, -2.5, 0, 5, 10], Run(new("relu", Alpha: 0.5), -10, -5, 0, 5, 10));
        Near.Equal([6, 7, 0, 0, 8], Run(new("relu", MaxValue: 8, Threshold: 5), 6, 7, 0, 5, 10));
        Near.Equal([0.21194157, 0.5761169, 0.21194157], Run(new("softmax"), 1, 2, 1));
        Near.Equal([0, 0.5, 0.7, 1], Run(new("hard_sigmoid"), -2.5, 0, 1, 3));
        Near.Equal([0, 2 / 3.0, 4], Run(new("hard_silu"), -3, 1, 4));
        Near.Equal([-0.15865525, 0, 0.84134475], Run(new("gelu"), -1, 0, 1));
        Near.Equal([-0.15880801, 0, 0.84119199], Run(new("gelu_tanh"), -1, 0, 1));
        Near.Equal([-0.30340147, 0, 0.86509839], Run(new("mish"), -1, 0, 1));
        Near.Equal([0, 0.25, 0.75], Run(new("sparsemax"), -1, 0.5, 1));
        Near.Equal([2 * 0.5, 3 * 0.73105858], Run(new("glu"), 2, 3, 0, 1));
        Near.Equal([0.70710678, 1.36602540, 0.36602540], Run(new("squareplus", Alpha: 2), 0, 1, -1));
    }

    [Fact]
    public void Erf_keeps_its_digits()
    {
        double[] x = [1e-9, 0.5, 1, 2, 2.49, 2.51, 3, -2];
        double[] erf =
        [
            1.1283791670955126e-9, 0.5204998778130465, 0.8427007929497149, 0.9953222650189527, 0.9995707121322661, 0.9996142945182758,
            0.9999779095030014, -0.9953222650189527,
        ];
        Near.Equal(erf, x.Select(Precise.Erf), 1e-15);
    }
}

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

    [Theory]
    [InlineData(5, 2, 2, 1, 3, 0)]
    [InlineData(6, 3, 2, 1, 3, 0)]
    [InlineData(5, 3, 2, 1, 3, 1)]
    [InlineData(7, 3, 2, 1, 4, 1)]
    [InlineData(4, 3, 2, 1, 2, 0)]
    [InlineData(10, 3, 3, 1, 4, 1)]
    [InlineData(32, 5, 1, 1, 32, 2)]
    [InlineData(32, 2, 1, 1, 32, 0)]
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
    public void Poolings()
    {
        Near.Equal([10, 11, 14, 15], MaxPooling.Forward(Near.Counting(4, 0), new Window2D(3, 3, 2, 2, Same: true)).Values);
        double[] Average(int extent, int first, int size, int stride) =>
            AveragePooling.Forward(Near.Counting(extent, first), new Window2D(size, size, stride, stride, Same: true)).Values;
        Near.Equal([3, 4, 4.5, 6, 7, 7.5, 7.5, 8.5, 9], Average(3, 1, 2, 1));
        Near.Equal([3, 4.5, 7.5, 9], Average(3, 1, 2, 2));
        Near.Equal([3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7], Average(3, 1, 3, 1));
        Near.Equal([5, 6.5, 11, 12.5], Average(4, 0, 3, 2));
    }

    [Fact]
    public void The_first_of_equal_maxima_receives_the_gradient()
    {
        Tensor x = Near.Image(2, 2, 1, 3, 3, 3), dy = Near.Image(1, 1, 5);
        Near.Equal([0, 5, 0, 0], MaxPooling.Backward(x, dy, new Window2D(2, 2, 2, 2, Same: false)).Values);
        Near.Equal([0, 5, 0, 0], GlobalPooling.MaxBackward(x, dy.Reshape(1, 1)).Values);
    }

    [Fact]
    public void Batch_normalization_of_four_numbers()
    {
        Tensor x = new([4, 1], [1, 2, 3, 4]);
        (Tensor y, Tensor mean, Tensor variance) = BatchNormalization.Train(x, null, null, 1e-3);
        Near.Equal([-1.34110445, -0.44703482, 0.44703482, 1.34110445], y.Values, 1e-8);
        Near.Equal([2.5, 1.25], [.. mean.Values, .. variance.Values]);
        (Tensor dx, Tensor dgamma, Tensor dbeta) = BatchNormalization.TrainBackward(x, null, new Tensor([4, 1], [1, 0, 0, 0]), 1e-3);
        Near.Equal([0.26854250, -0.35752065, -0.08951417, 0.17849232], dx.Values, 1e-8);
        Near.Equal([-1.34110445, 1], [.. dgamma.Values, .. dbeta.Values], 1e-8);
        Near.Equal(y.Values, LayerNormalization.Forward(x.Reshape(1, 4), null, null, 1e-3).Values, 1e-12);
    }

    [Fact]
    public void Moving_statistics_follow_the_biased_variance()
    {
        Tensor zeros = new([1]);
        Near.Equal([0.0125], BatchNormalization.Move(zeros, new Tensor([1], [1.25]), 0.99).Values);
        Near.Equal([1.25], BatchNormalization.Move(zeros, new Tensor([1], [1.25]), 0).Values);
    }

    [Fact]
    public void Enlarged_images()
    {
        double[] half = new UpSampling(2, 2, Bilinear: true).Forward(Near.Counting(3, 1)).Values;
        Near.Equal([1, 1.25, 1.75, 2.25, 2.75, 3, 1.75, 2, 2.5, 3, 3.5, 3.75, 3.25, 3.5, 4, 4.5, 5, 5.25], half[..18]);
        Near.Equal([4.75, 5, 5.5, 6, 6.5, 6.75, 6.25, 6.5, 7, 7.5, 8, 8.25, 7, 7.25, 7.75, 8.25, 8.75, 9], half[18..]);
        Near.Equal([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4], new UpSampling(2, 2).Forward(Near.Counting(2, 1)).Values);
        Near.Equal([0, 0, 1, 1, 2, 2], new UpSampling(1, 2).Forward(Near.Image(1, 3, 0, 1, 2)).Values);
    }

    [Fact]
    public void Margins_of_images()
    {
        Tensor padded = new Margins(1, 2, 3, 4).Pad(new Tensor([2, 4, 5, 2]).Map(_ => 1));
        Assert.Equal([2, 7, 12, 2], padded.Shape);
        Assert.Equal(80, padded.Values.Sum());
        Assert.All(new Margins(1, 2, 3, 4).Crop(padded).Values, value => Assert.Equal(1, value));
        Tensor cropped = new Margins(1, 2, 3, 4).Crop(Draw.Reals(1, 3, 7, 9, 5));
        Assert.Equal([3, 4, 2, 5], cropped.Shape);
        Assert.Equal(Draw.Reals(1, 3, 7, 9, 5).Values[((1 * 9) + 3) * 5], cropped.Values[0]);
        Assert.Throws<ArgumentException>(() => new Margins(3, 4, 0, 0).Crop(Draw.Reals(1, 3, 7, 9, 5)));
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

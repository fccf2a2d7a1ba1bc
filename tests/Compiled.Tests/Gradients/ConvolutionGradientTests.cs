using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Gradients of convolutions of all kinds, and of dense layers.</summary>
public sealed class ConvolutionGradientTests
{
    // Windows with strides or dilation, as Keras has it, and an image that they fit into.
    private static readonly Gen<(Window2D Window, int Height, int Width)> Images =
        from height in Gen.Int[1, 3]
        from width in Gen.Int[1, 3]
        from same in Gen.Bool
        from dilated in Gen.Bool
        from down in Gen.Int[1, 3]
        from right in Gen.Int[1, 3]
        from rows in Gen.Int[1, 5]
        from columns in Gen.Int[1, 5]
        let window = dilated ? new Window2D(height, width, 1, 1, same, down, right) : new Window2D(height, width, down, right, same)
        where window.OutputHeight(rows) >= 1 && window.OutputWidth(columns) >= 1
        select (window, rows, columns);

    [Fact]
    public void Conv2D() => Gen.Select(Images, Gen.Int[1, 3], Gen.Int[1, 2], Gen.Int[1, 2]).Sample(
        drawn =>
        {
            ((Window2D window, int height, int width), int groups, int channels, int filters) = drawn;
            Tensor x = Draw.Reals(1, 2, height, width, groups * channels);
            Tensor kernel = Draw.Reals(2, window.Height, window.Width, channels, groups * filters), bias = Draw.Reals(3, groups * filters);
            Expect(() => Convolution.Forward(x, kernel, bias, window), dy => Convolution.Backward(x, kernel, dy, window), x, kernel, bias);
        },
        60);

    [Fact]
    public void DepthwiseConv2D() => Gen.Select(Images, Gen.Int[1, 3], Gen.Int[1, 3]).Sample(
        drawn =>
        {
            ((Window2D window, int height, int width), int channels, int multiplier) = drawn;
            Tensor x = Draw.Reals(1, 2, height, width, channels);
            Tensor kernel = Draw.Reals(2, window.Height, window.Width, channels, multiplier), bias = Draw.Reals(3, channels * multiplier);
            Expect(
                () => DepthwiseConvolution.Forward(x, kernel, bias, window), dy => DepthwiseConvolution.Backward(x, kernel, dy, window),
                x, kernel, bias);
        },
        40);

    [Fact]
    public void SeparableConv2D() => Gen.Select(Images, Gen.Int[1, 2], Gen.Int[1, 2], Gen.Int[1, 3]).Sample(
        drawn =>
        {
            ((Window2D window, int height, int width), int channels, int multiplier, int filters) = drawn;
            Tensor x = Draw.Reals(1, 1, height, width, channels);
            Tensor depthwise = Draw.Reals(2, window.Height, window.Width, channels, multiplier);
            Tensor pointwise = Draw.Reals(3, 1, 1, channels * multiplier, filters), bias = Draw.Reals(4, filters);
            Tensor Forward() => SeparableConvolution.Forward(x, depthwise, pointwise, bias, window);
            Tensor dy = Draw.Reals(5, Forward().Shape);
            var gradients = SeparableConvolution.Backward(x, depthwise, pointwise, dy, window);
            FiniteDifference.ExpectOp(Forward, dy, x, gradients.Dx);
            FiniteDifference.ExpectOp(Forward, dy, depthwise, gradients.Ddepthwise);
            FiniteDifference.ExpectOp(Forward, dy, pointwise, gradients.Dpointwise);
            FiniteDifference.ExpectOp(Forward, dy, bias, gradients.Dbias);
        },
        30);

    [Fact]
    public void Conv2DTranspose() => Gen.Select(Images, Gen.Int[1, 2], Gen.Int[1, 2]).Sample(
        drawn =>
        {
            ((Window2D window, int height, int width), int channels, int filters) = drawn;
            Tensor x = Draw.Reals(1, 2, height, width, channels);
            Tensor kernel = Draw.Reals(2, window.Height, window.Width, filters, channels), bias = Draw.Reals(3, filters);
            Expect(
                () => TransposedConvolution.Forward(x, kernel, bias, window), dy => TransposedConvolution.Backward(x, kernel, dy, window),
                x, kernel, bias);
        },
        40);

    // Each of the outputs that convolve to the input can be asked for.
    [Theory]
    [InlineData(false, 0)]
    [InlineData(false, 2)]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    public void Conv2DTranspose_with_output_padding(bool same, int padding)
    {
        var window = new Window2D(3, 3, 3, 3, same);
        Tensor x = Draw.Reals(1, 1, 2, 3, 2), kernel = Draw.Reals(2, 3, 3, 2, 2), bias = Draw.Reals(3, 2);
        Tensor Forward() => TransposedConvolution.Forward(x, kernel, bias, window, (padding, padding));
        Assert.Equal([1, (same ? 4 : 6) + padding, (same ? 7 : 9) + padding, 2], Forward().Shape);
        Expect(Forward, dy => TransposedConvolution.Backward(x, kernel, dy, window), x, kernel, bias);
    }

    [Fact]
    public void Dense() => Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 5], Gen.Int[1, 4]).Sample(
        drawn =>
        {
            (int rows, int positions, int inputs, int units) = drawn;
            Tensor x = Draw.Reals(1, rows, positions, inputs), kernel = Draw.Reals(2, inputs, units), bias = Draw.Reals(3, units);
            Expect(() => FullyConnected.Forward(x, kernel, bias), dy => FullyConnected.Backward(x, kernel, dy), x, kernel, bias);
        },
        20);

    private static void Expect(
        Func<Tensor> forward, Func<Tensor, (Tensor Dx, Tensor Dkernel, Tensor Dbias)> backward, Tensor x, Tensor kernel, Tensor bias)
    {
        Tensor dy = Draw.Reals(9, forward().Shape);
        (Tensor dx, Tensor dkernel, Tensor dbias) = backward(dy);
        FiniteDifference.ExpectOp(forward, dy, x, dx);
        FiniteDifference.ExpectOp(forward, dy, kernel, dkernel);
        FiniteDifference.ExpectOp(forward, dy, bias, dbias);
    }
}

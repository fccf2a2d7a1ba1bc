namespace Compiled.Reference;

/// <summary>
/// A depthwise convolution without bias, then a 1 × 1 convolution with kernel (1, 1, channels · multiplier, filters) and bias.
/// </summary>
public static class SeparableConvolution
{
    private static readonly Window2D Point = new(1, 1, 1, 1, Same: false);

    public static Tensor Forward(Tensor x, Tensor depthwise, Tensor pointwise, Tensor? bias, Window2D window) =>
        Convolution.Forward(DepthwiseConvolution.Forward(x, depthwise, null, window), pointwise, bias, Point);

    public static (Tensor Dx, Tensor Ddepthwise, Tensor Dpointwise, Tensor Dbias) Backward(
        Tensor x, Tensor depthwise, Tensor pointwise, Tensor dy, Window2D window)
    {
        Tensor middle = DepthwiseConvolution.Forward(x, depthwise, null, window);
        (Tensor dmiddle, Tensor dpointwise, Tensor dbias) = Convolution.Backward(middle, pointwise, dy, Point);
        (Tensor dx, Tensor ddepthwise, _) = DepthwiseConvolution.Backward(x, depthwise, dmiddle, window);
        return (dx, ddepthwise, dpointwise, dbias);
    }
}

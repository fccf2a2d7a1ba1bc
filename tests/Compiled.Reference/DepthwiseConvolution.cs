namespace Compiled.Reference;

/// <summary>
/// Depthwise convolution of NHWC images with kernels (height, width, channels, multiplier): output channel c · multiplier + m is channel c
/// convolved with kernel (·, ·, c, m). That is a convolution with as many groups as channels.
/// </summary>
public static class DepthwiseConvolution
{
    public static Tensor Forward(Tensor x, Tensor kernel, Tensor? bias, Window2D window) =>
        Convolution.Forward(x, Grouped(kernel), bias, window);

    public static (Tensor Dx, Tensor Dkernel, Tensor Dbias) Backward(Tensor x, Tensor kernel, Tensor dy, Window2D window)
    {
        (Tensor dx, Tensor dkernel, Tensor dbias) = Convolution.Backward(x, Grouped(kernel), dy, window);
        return (dx, dkernel.Reshape(kernel.Shape), dbias);
    }

    private static Tensor Grouped(Tensor kernel) => kernel.Reshape(kernel.Shape[0], kernel.Shape[1], 1, kernel.Shape[2] * kernel.Shape[3]);
}

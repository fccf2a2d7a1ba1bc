namespace Compiled.Reference;

/// <summary>
/// Transposed convolution of NHWC images with kernels (height, width, filters, channels): what a convolution with that kernel does to the
/// gradient of its output. Each input value adds its multiple of the kernel to the output, a stride apart from its neighbour.
/// </summary>
public static class TransposedConvolution
{
    public static Tensor Forward(Tensor x, Tensor kernel, Tensor? bias, Window2D window, (int Height, int Width)? outputPadding = null)
    {
        (int height, int width) = Extents(x.Shape, window, outputPadding);
        int filters = kernel.Shape[2];
        var y = new Tensor([x.Shape[0], height, width, filters]);
        Convolution.ForEachProduct(y, x, kernel, window, (o, k, i) => y.Values[o] += x.Values[i] * kernel.Values[k]);
        for (int o = 0; bias is not null && o < y.Count; o++)
            y.Values[o] += bias.Values[o % filters];
        return y;
    }

    public static (Tensor Dx, Tensor Dkernel, Tensor Dbias) Backward(Tensor x, Tensor kernel, Tensor dy, Window2D window)
    {
        Tensor dx = new(x.Shape), dkernel = new(kernel.Shape), dbias = new([kernel.Shape[2]]);
        Convolution.ForEachProduct(dy, x, kernel, window, (o, k, i) =>
        {
            dx.Values[i] += dy.Values[o] * kernel.Values[k];
            dkernel.Values[k] += dy.Values[o] * x.Values[i];
        });
        for (int o = 0; o < dy.Count; o++)
            dbias.Values[o % dbias.Count] += dy.Values[o];
        return (dx, dkernel, dbias);
    }

    /// <summary>Height and width of the output.</summary>
    /// <param name="input">The shape of the input, with the batch.</param>
    /// <param name="window">Kernel extents, strides, dilation and padding.</param>
    /// <param name="outputPadding">Rows and columns beyond the least; without, the output has stride · input, for valid at least.</param>
    /// <exception cref="ArgumentException">A convolution of that output would not give the input.</exception>
    public static (int Height, int Width) Extents(IReadOnlyList<int> input, Window2D window, (int Height, int Width)? outputPadding = null)
    {
        int height =
            Extent(input[1], ((window.Height - 1) * window.DilationHeight) + 1, window.StrideHeight, window.Same, outputPadding?.Height);
        int width =
            Extent(input[2], ((window.Width - 1) * window.DilationWidth) + 1, window.StrideWidth, window.Same, outputPadding?.Width);
        if (window.OutputHeight(height) != input[1] || window.OutputWidth(width) != input[2])
            throw new ArgumentException($"{height}×{width} does not convolve to {input[1]}×{input[2]}.", nameof(outputPadding));
        return (height, width);
    }

    private static int Extent(int input, int reach, int stride, bool same, int? outputPadding)
    {
        if (outputPadding is int more)
            return ((input - 1) * stride) + reach - (same ? reach / 2 * 2 : 0) + more;
        return (input * stride) + (same ? 0 : Math.Max(reach - stride, 0));
    }
}

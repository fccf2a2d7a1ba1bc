namespace Compiled.Reference;

/// <summary>
/// Convolution of NHWC images with HWIO kernels. A kernel with fewer input channels than the image divides channels and filters into as
/// many groups as fit, in their order.
/// </summary>
public static class Convolution
{
    public static Tensor Forward(Tensor x, Tensor kernel, Tensor? bias, Window2D window)
    {
        int filters = kernel.Last;
        var y = new Tensor([x.Shape[0], window.OutputHeight(x.Shape[1]), window.OutputWidth(x.Shape[2]), filters]);
        ForEachProduct(x, y, kernel, window, (i, k, o) => y.Values[o] += x.Values[i] * kernel.Values[k]);
        for (int o = 0; bias is not null && o < y.Count; o++)
            y.Values[o] += bias.Values[o % filters];
        return y;
    }

    public static (Tensor Dx, Tensor Dkernel, Tensor Dbias) Backward(Tensor x, Tensor kernel, Tensor dy, Window2D window)
    {
        Tensor dx = new(x.Shape), dkernel = new(kernel.Shape), dbias = new([kernel.Last]);
        ForEachProduct(x, dy, kernel, window, (i, k, o) =>
        {
            dx.Values[i] += dy.Values[o] * kernel.Values[k];
            dkernel.Values[k] += dy.Values[o] * x.Values[i];
        });
        for (int o = 0; o < dy.Count; o++)
            dbias.Values[o % kernel.Last] += dy.Values[o];
        return (dx, dkernel, dbias);
    }

    /// <summary>Calls <paramref name="visit"/> with the elements of x, kernel and y of each product.</summary>
    internal static void ForEachProduct(Tensor x, Tensor y, Tensor kernel, Window2D window, Action<int, int, int> visit)
    {
        (int height, int width, int channels, int filters) = (x.Shape[1], x.Shape[2], x.Shape[3], kernel.Last);
        int groupChannels = kernel.Shape[2];
        int groupFilters = filters / (channels / groupChannels);
        for (int image = 0; image < x.Shape[0]; image++)
        {
            window.ForEachCell(height, width, (oy, ox, ky, kx, iy, ix) =>
            {
                int input = ((((image * height) + iy) * width) + ix) * channels;
                int output = ((((image * y.Shape[1]) + oy) * y.Shape[2]) + ox) * filters;
                int tap = ((ky * window.Width) + kx) * groupChannels * filters;
                for (int f = 0; f < filters; f++)
                {
                    int first = f / groupFilters * groupChannels;
                    for (int c = 0; c < groupChannels; c++)
                        visit(input + first + c, tap + (c * filters) + f, output + f);
                }
            });
        }
    }
}

namespace Compiled.Reference;

/// <summary>Enlargement of NHWC images by whole factors: nearest repeats, bilinear interpolates and holds the edges.</summary>
/// <param name="Height">The factor of the rows.</param>
/// <param name="Width">The factor of the columns.</param>
/// <param name="Bilinear">Interpolates.</param>
/// <param name="HalfPixelCenters">Output i lies at (i + 0.5) / factor − 0.5, else at i / factor, as in old versions of Keras.</param>
public sealed record UpSampling(int Height, int Width, bool Bilinear = false, bool HalfPixelCenters = true)
{
    public Tensor Forward(Tensor x)
    {
        var y = new Tensor([x.Shape[0], x.Shape[1] * Height, x.Shape[2] * Width, x.Last]);
        ForEachShare(x, (o, i, share) => y.Values[o] += x.Values[i] * share);
        return y;
    }

    public Tensor Backward(Tensor x, Tensor dy)
    {
        var dx = new Tensor(x.Shape);
        ForEachShare(x, (o, i, share) => dx.Values[i] += dy.Values[o] * share);
        return dx;
    }

    private void ForEachShare(Tensor x, Action<int, int, double> visit)
    {
        (int height, int width, int channels) = (x.Shape[1], x.Shape[2], x.Last);
        for (int row = 0; row < x.Shape[0] * height * Height; row++)
        {
            (int image, int oy) = Math.DivRem(row, height * Height);
            for (int ox = 0; ox < width * Width; ox++)
            {
                foreach ((int iy, double rowShare) in Sources(oy, Height, height))
                {
                    foreach ((int ix, double columnShare) in Sources(ox, Width, width))
                    {
                        int output = ((row * width * Width) + ox) * channels;
                        int input = ((((image * height) + iy) * width) + ix) * channels;
                        for (int c = 0; c < channels; c++)
                            visit(output + c, input + c, rowShare * columnShare);
                    }
                }
            }
        }
    }

    private (int Index, double Share)[] Sources(int output, int factor, int count)
    {
        if (!Bilinear)
            return [(output / factor, 1)];
        double position = HalfPixelCenters ? ((output + 0.5) / factor) - 0.5 : (double)output / factor;
        position = Math.Clamp(position, 0, count - 1);
        int low = (int)position;
        return [(low, 1 - (position - low)), (Math.Min(low + 1, count - 1), position - low)];
    }
}

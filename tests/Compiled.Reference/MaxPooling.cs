namespace Compiled.Reference;

/// <summary>Max pooling of NHWC images: padding takes no part, and the first maximum of a window receives the gradient.</summary>
public static class MaxPooling
{
    public static Tensor Forward(Tensor x, Window2D window)
    {
        int[] winners = Winners(x, window, out Tensor y);
        for (int o = 0; o < y.Count; o++)
            y.Values[o] = x.Values[winners[o]];
        return y;
    }

    public static Tensor Backward(Tensor x, Tensor dy, Window2D window)
    {
        var dx = new Tensor(x.Shape);
        int[] winners = Winners(x, window, out _);
        for (int o = 0; o < dy.Count; o++)
            dx.Values[winners[o]] += dy.Values[o];
        return dx;
    }

    private static int[] Winners(Tensor x, Window2D window, out Tensor y)
    {
        (int height, int width, int channels) = (x.Shape[1], x.Shape[2], x.Shape[3]);
        var output = new Tensor([x.Shape[0], window.OutputHeight(height), window.OutputWidth(width), channels]);
        int[] winners = new int[output.Count];
        Array.Fill(winners, -1);
        for (int image = 0; image < x.Shape[0]; image++)
        {
            window.ForEachCell(height, width, (oy, ox, _, _, iy, ix) =>
            {
                for (int c = 0; c < channels; c++)
                {
                    int o = (((((image * output.Shape[1]) + oy) * output.Shape[2]) + ox) * channels) + c;
                    int i = (((((image * height) + iy) * width) + ix) * channels) + c;
                    if (winners[o] < 0 || x.Values[i] > x.Values[winners[o]])
                        winners[o] = i;
                }
            });
        }

        y = output;
        return winners;
    }
}

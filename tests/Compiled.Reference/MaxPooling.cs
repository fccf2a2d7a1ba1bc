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

    /// <summary>The smallest distance of a maximum from another value in its window.</summary>
    public static double Distance(Tensor x, Window2D window)
    {
        int[] winners = Winners(x, window, out Tensor y);
        double distance = double.PositiveInfinity;
        ForEachCell(x, y, window, (o, i) =>
        {
            double below = x.Values[winners[o]] - x.Values[i];
            distance = below > 0 ? Math.Min(distance, below) : distance;
        });
        return distance;
    }

    private static int[] Winners(Tensor x, Window2D window, out Tensor y)
    {
        y = new Tensor([x.Shape[0], window.OutputHeight(x.Shape[1]), window.OutputWidth(x.Shape[2]), x.Shape[3]]);
        int[] winners = new int[y.Count];
        Array.Fill(winners, -1);
        ForEachCell(x, y, window, (o, i) =>
        {
            if (winners[o] < 0 || x.Values[i] > x.Values[winners[o]])
                winners[o] = i;
        });
        return winners;
    }

    /// <summary>Calls <paramref name="visit"/> with the element of y and the element of x for each cell of each window.</summary>
    private static void ForEachCell(Tensor x, Tensor y, Window2D window, Action<int, int> visit)
    {
        (int height, int width, int channels) = (x.Shape[1], x.Shape[2], x.Shape[3]);
        for (int image = 0; image < x.Shape[0]; image++)
        {
            window.ForEachCell(height, width, (oy, ox, _, _, iy, ix) =>
            {
                int output = ((((image * y.Shape[1]) + oy) * y.Shape[2]) + ox) * channels;
                int input = ((((image * height) + iy) * width) + ix) * channels;
                for (int c = 0; c < channels; c++)
                    visit(output + c, input + c);
            });
        }
    }
}

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
        PooledCells.ForEach(x, y, window, (o, i) =>
        {
            double below = x.Values[winners[o]] - x.Values[i];
            distance = below > 0 ? Math.Min(distance, below) : distance;
        });
        return distance;
    }

    private static int[] Winners(Tensor x, Window2D window, out Tensor y)
    {
        y = PooledCells.Output(x, window);
        int[] winners = new int[y.Count];
        Array.Fill(winners, -1);
        PooledCells.ForEach(x, y, window, (o, i) =>
        {
            if (winners[o] < 0 || x.Values[i] > x.Values[winners[o]])
                winners[o] = i;
        });
        return winners;
    }
}

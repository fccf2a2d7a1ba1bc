namespace Compiled.Reference;

/// <summary>Average pooling of NHWC images: the mean of those cells of a window that lie inside the image.</summary>
public static class AveragePooling
{
    public static Tensor Forward(Tensor x, Window2D window)
    {
        Tensor y = PooledCells.Output(x, window);
        int[] cells = Count(x, y, window);
        PooledCells.ForEach(x, y, window, (o, i) => y.Values[o] += x.Values[i] / cells[o]);
        return y;
    }

    public static Tensor Backward(Tensor x, Tensor dy, Window2D window)
    {
        var dx = new Tensor(x.Shape);
        int[] cells = Count(x, dy, window);
        PooledCells.ForEach(x, dy, window, (o, i) => dx.Values[i] += dy.Values[o] / cells[o]);
        return dx;
    }

    private static int[] Count(Tensor x, Tensor y, Window2D window)
    {
        int[] cells = new int[y.Count];
        PooledCells.ForEach(x, y, window, (o, _) => cells[o]++);
        return cells;
    }
}

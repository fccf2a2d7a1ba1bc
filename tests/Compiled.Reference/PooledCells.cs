namespace Compiled.Reference;

/// <summary>The cells that a pooling window covers.</summary>
internal static class PooledCells
{
    /// <summary>The output of a pooling, all 0.</summary>
    public static Tensor Output(Tensor x, Window2D window) =>
        new([x.Shape[0], window.OutputHeight(x.Shape[1]), window.OutputWidth(x.Shape[2]), x.Shape[3]]);

    /// <summary>Calls <paramref name="visit"/> with the element of y and the element of x for each cell of each window.</summary>
    public static void ForEach(Tensor x, Tensor y, Window2D window, Action<int, int> visit)
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

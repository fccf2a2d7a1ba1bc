namespace Compiled.Reference;

/// <summary>A sliding window over rows and columns, with the output extents and paddings of Keras.</summary>
public sealed record Window2D(int Height, int Width, int StrideHeight, int StrideWidth, bool Same, int DilationHeight = 1, int DilationWidth = 1)
{
    public int OutputHeight(int input) => Output(input, Height, StrideHeight, DilationHeight);

    public int OutputWidth(int input) => Output(input, Width, StrideWidth, DilationWidth);

    public int PadTop(int input) => Pad(input, Height, StrideHeight, DilationHeight);

    public int PadLeft(int input) => Pad(input, Width, StrideWidth, DilationWidth);

    /// <summary>Calls <paramref name="visit"/> with (output row, output column, window row, window column, input row, input column) for each cell inside the input.</summary>
    public void ForEachCell(int inputHeight, int inputWidth, Action<int, int, int, int, int, int> visit)
    {
        for (int oy = 0; oy < OutputHeight(inputHeight); oy++)
        {
            for (int ox = 0; ox < OutputWidth(inputWidth); ox++)
            {
                for (int ky = 0; ky < Height; ky++)
                {
                    for (int kx = 0; kx < Width; kx++)
                    {
                        int iy = (oy * StrideHeight) - PadTop(inputHeight) + (ky * DilationHeight);
                        int ix = (ox * StrideWidth) - PadLeft(inputWidth) + (kx * DilationWidth);
                        if (iy >= 0 && iy < inputHeight && ix >= 0 && ix < inputWidth)
                            visit(oy, ox, ky, kx, iy, ix);
                    }
                }
            }
        }
    }

    private static int Reach(int extent, int dilation) => ((extent - 1) * dilation) + 1;

    private int Output(int input, int extent, int stride, int dilation) =>
        Same ? (input + stride - 1) / stride : (input - Reach(extent, dilation) + stride) / stride;

    private int Pad(int input, int extent, int stride, int dilation) =>
        Same ? Math.Max(((Output(input, extent, stride, dilation) - 1) * stride) + Reach(extent, dilation) - input, 0) / 2 : 0;
}

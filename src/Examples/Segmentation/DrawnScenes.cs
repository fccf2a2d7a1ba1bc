namespace Compiled.Examples;

/// <summary>Grey images of bright discs and bars on a dark ground, all under noise, and the mask of the discs: a data set that needs no file.</summary>
internal static class DrawnScenes
{
    public const int Extent = 64;

    private const int Discs = 3;
    private const int Bars = 2;

    /// <summary>Draws scenes. The same seed gives the same ones.</summary>
    public static ArrayDataset Create(int count, int seed)
    {
        var random = new Random(seed);
        float[] images = new float[count * Extent * Extent], masks = new float[images.Length];
        for (int scene = 0; scene < count; scene++)
        {
            int begin = scene * Extent * Extent;
            Draw(images.AsSpan(begin, Extent * Extent), masks.AsSpan(begin, Extent * Extent), random);
        }

        return new ArrayDataset(images, [Extent, Extent, 1], masks, [Extent, Extent, 1]);
    }

    private static void Draw(Span<float> image, Span<float> mask, Random random)
    {
        for (int i = 0; i < Bars; i++)
        {
            (int top, int left) = (random.Next(Extent - 8), random.Next(Extent - 30));
            Paint(image, (row, column) => row >= top && row < top + 5 && column >= left && column < left + 30, 0.6f);
        }

        for (int i = 0; i < Discs; i++)
        {
            (int y, int x, int radius) = (random.Next(Extent), random.Next(Extent), random.Next(4, 12));
            bool Inside(int row, int column) => ((row - y) * (row - y)) + ((column - x) * (column - x)) <= radius * radius;
            Paint(image, Inside, 0.7f);
            Paint(mask, Inside, 1);
        }

        foreach (ref float pixel in image)
            pixel += (random.NextSingle() - 0.5f) * 0.6f;
    }

    private static void Paint(Span<float> pixels, Func<int, int, bool> isInside, float value)
    {
        for (int i = 0; i < pixels.Length; i++)
        {
            if (isInside(i / Extent, i % Extent))
                pixels[i] = value;
        }
    }
}

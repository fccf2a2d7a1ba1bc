namespace Compiled;

/// <summary>
/// Ten classes of 32×32 colour images drawn by code: discs, rings, squares, frames, triangles, plus signs, diagonal crosses and
/// stripes in three directions, with random colours, sizes, places and noise. It needs no file and no network, and the same seed
/// always draws the same images.
/// </summary>
public static class DrawnShapes
{
    private const int Extent = 32;
    private const int Channels = 3;
    private const int ImageBytes = Extent * Extent * Channels;
    private const int WordsPerImage = 16 + ImageBytes;
    private const uint Stream = 0xC000;

    /// <summary>The names of the ten classes, by class number.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["disc", "ring", "square", "frame", "triangle", "plus", "cross", "horizontal stripes", "vertical stripes", "diagonal stripes"];

    /// <summary>Draws a data set: inputs [32, 32, 3] with values in [0, 1], class numbers 0 to 9 in turn.</summary>
    /// <param name="count">The number of images.</param>
    /// <param name="seed">Chooses the images; use different seeds for training and test.</param>
    public static ArrayDataset Create(int count, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        byte[] images = new byte[checked(count * ImageBytes)];
        int[] classIds = new int[count];
        Parallel.For(0, count, image =>
        {
            classIds[image] = image % ClassNames.Count;
            Draw(images.AsSpan(image * ImageBytes, ImageBytes), classIds[image], new Words(seed, image));
        });
        return new ArrayDataset(images, [Extent, Extent, Channels], classIds, ClassNames.Count);
    }

    private static void Draw(Span<byte> pixels, int shape, Words random)
    {
        float radius = 6 + 6 * random.Next();
        float centreX = radius + (Extent - 1 - 2 * radius) * random.Next();
        float centreY = radius + (Extent - 1 - 2 * radius) * random.Next();
        float thickness = 2 + 1.5f * random.Next();
        float period = 5 + 4 * random.Next();
        (float r, float g, float b) background = (random.Next(), random.Next(), random.Next());
        (float r, float g, float b) colour = Contrasting(background, (random.Next(), random.Next(), random.Next()));
        float noise = 0.15f * random.Next();

        for (int y = 0; y < Extent; y++)
        {
            for (int x = 0; x < Extent; x++)
            {
                bool inside = Covers(shape, x - centreX, y - centreY, radius, thickness, period);
                (float r, float g, float b) paint = inside ? colour : background;
                Span<byte> pixel = pixels.Slice((y * Extent + x) * Channels, Channels);
                pixel[0] = Shade(paint.r, noise, random.Next());
                pixel[1] = Shade(paint.g, noise, random.Next());
                pixel[2] = Shade(paint.b, noise, random.Next());
            }
        }
    }

    /// <summary>Whether the shape covers the point (<paramref name="x"/>, <paramref name="y"/>), seen from its centre.</summary>
    private static bool Covers(int shape, float x, float y, float radius, float thickness, float period)
    {
        float largest = MathF.Max(MathF.Abs(x), MathF.Abs(y));
        float distance = MathF.Sqrt(x * x + y * y);
        return shape switch
        {
            0 => distance <= radius,
            1 => distance <= radius && distance >= radius - thickness,
            2 => largest <= 0.85f * radius,
            3 => largest <= 0.85f * radius && largest >= 0.85f * radius - thickness,
            4 => y <= 0.8f * radius && MathF.Abs(x) <= 0.6f * (y + radius),
            5 => largest <= radius && MathF.Min(MathF.Abs(x), MathF.Abs(y)) <= 0.6f * thickness,
            6 => largest <= radius && MathF.Abs(MathF.Abs(x) - MathF.Abs(y)) <= 0.8f * thickness,
            7 => Stripe(y, period),
            8 => Stripe(x, period),
            _ => Stripe((x + y) * 0.70710678f, period),
        };
    }

    private static bool Stripe(float along, float period) => along / period - MathF.Floor(along / period) < 0.5f;

    private static (float R, float G, float B) Contrasting((float R, float G, float B) from, (float R, float G, float B) colour)
    {
        float difference = MathF.Abs(from.R - colour.R) + MathF.Abs(from.G - colour.G) + MathF.Abs(from.B - colour.B);
        return difference >= 0.75f ? colour : (Opposite(from.R), Opposite(from.G), Opposite(from.B));
    }

    private static float Opposite(float value) => value < 0.5f ? value + 0.5f : value - 0.5f;

    private static byte Shade(float value, float noise, float random) =>
        (byte)(255 * Math.Clamp(value + noise * (2 * random - 1), 0, 1));

    /// <summary>The random numbers of one image, in [0, 1).</summary>
    private struct Words(ulong seed, int image)
    {
        private ulong _next = (ulong)image * WordsPerImage;

        public float Next() => Philox.Uniform(seed, Stream, step: 0, _next++);
    }
}

using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Compares what the reference gives with numbers that are known.</summary>
internal static class Near
{
    public static void Equal(IEnumerable<double> expected, IEnumerable<double> actual, double tolerance = 1e-6)
    {
        double[] all = [.. expected], given = [.. actual];
        Assert.Equal(all.Length, given.Length);
        for (int i = 0; i < all.Length; i++)
            Assert.Equal(all[i], given[i], tolerance);
    }

    /// <summary>An image with one channel.</summary>
    public static Tensor Image(int rows, int columns, params double[] values) => new([1, rows, columns, 1], values);

    /// <summary>An image of the numbers from <paramref name="first"/>.</summary>
    public static Tensor Counting(int extent, int first) =>
        Image(extent, extent, [.. Enumerable.Range(first, extent * extent).Select(value => (double)value)]);
}

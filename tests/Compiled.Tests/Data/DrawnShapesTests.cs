using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Compiled.Tests;

public sealed class DrawnShapesTests
{
    [Fact]
    public void A_seed_draws_the_same_images_for_ever()
    {
        Assert.Equal(Hash(DrawnShapes.Create(40, seed: 5)), Hash(DrawnShapes.Create(40, seed: 5)));
        // Whoever changes the drawing changes what examples and benchmarks learn: on purpose only.
        Assert.Equal("1eff7083209594de", Hash(DrawnShapes.Create(40, seed: 5))[..16]);
    }

    [Fact]
    public void More_images_begin_with_the_same_ones() =>
        Assert.Equal(Hash(DrawnShapes.Create(20, seed: 5)), Hash(DrawnShapes.Create(33, seed: 5).Take(20)));

    [Fact]
    public void Seeds_draw_different_images()
    {
        HashSet<string> seen = [];
        foreach (ulong seed in (ulong[])[0, 1, 2, 1UL << 32, ulong.MaxValue])
        {
            (float[] inputs, _) = Samples.All(DrawnShapes.Create(30, seed));
            foreach (float[] image in inputs.Chunk(3072))
                Assert.True(seen.Add(Convert.ToHexString(SHA256.HashData(MemoryMarshal.AsBytes<float>(image)))));
        }
    }

    [Fact]
    public void Classes_are_balanced_and_named()
    {
        ArrayDataset data = DrawnShapes.Create(200);
        int[] classIds = new int[200];
        data.ReadClassIds([.. Enumerable.Range(0, 200)], classIds);
        Assert.All(classIds.CountBy(id => id), group => Assert.Equal(20, group.Value));
        Assert.Equal(10, DrawnShapes.ClassNames.Distinct().Count());
        Assert.Equal((10, 10), (data.ClassCount, classIds.Distinct().Count()));
        Assert.Equal([32, 32, 3], data.InputShape);
    }

    [Fact]
    public void Pixels_are_between_0_and_1_and_shapes_stand_out()
    {
        (float[] inputs, _) = Samples.All(DrawnShapes.Create(50, seed: 3));
        foreach (float[] image in inputs.Chunk(3072))
        {
            Assert.All(image, value => Assert.InRange(value, 0, 1));
            double mean = image.Average(), deviation = Math.Sqrt(image.Average(value => (value - mean) * (value - mean)));
            Assert.InRange(deviation, 0.02, 0.6);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void There_is_at_least_one_image(int count) => Assert.Throws<ArgumentOutOfRangeException>(() => DrawnShapes.Create(count));

    private static string Hash(ArrayDataset data) =>
        Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<float>(Samples.All(data).Inputs)));
}

namespace Compiled.Tests;

public sealed class ArrayDatasetTests
{
    [Fact]
    public void Samples_are_read_by_index()
    {
        float[] inputs = [.. Enumerable.Range(0, 24).Select(i => (float)i)];
        var data = new ArrayDataset(inputs, [2, 3], new float[] { 0, 1, 2, 3, 4, 5, 6, 7 }, [2]);
        Assert.Equal((4, 0, false), (data.Count, data.ClassCount, data.HasClassIds));
        float[] read = new float[18], targets = new float[6];
        data.ReadInputs([3, 0, 3], read);
        data.ReadTargets([3, 0, 3], targets);
        Assert.Equal([18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5, 18, 19, 20, 21, 22, 23], read);
        Assert.Equal([6, 7, 0, 1, 6, 7], targets);
        Assert.Contains(
            "floats", Assert.Throws<NotSupportedException>(() => data.ReadClassIds([0], new int[1])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Class_numbers_are_read_as_they_are_and_one_hot()
    {
        var data = new ArrayDataset(new float[6], [2], new[] { 2, 0, 1 }, 3);
        int[] classIds = new int[2];
        float[] targets = [.. Enumerable.Repeat(9f, 6)];
        data.ReadClassIds([0, 2], classIds);
        data.ReadTargets([0, 2], targets);
        Assert.Equal([2, 1], classIds);
        Assert.Equal([0, 0, 1, 0, 1, 0], targets);
        Assert.True(data.HasClassIds);
        Assert.Empty(data.TargetShape);
    }

    /// <summary>Whole vectors and the rest of one.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(50)]
    public void Bytes_are_scaled(int size)
    {
        byte[] bytes = [.. Enumerable.Range(0, 3 * size).Select(i => (byte)(i * 37))];
        var data = new ArrayDataset(bytes, [size], new[] { 0, 0, 0 }, 1, scale: 0.5f);
        float[] read = new float[2 * size];
        data.ReadInputs([2, 1], read);
        Assert.Equal(
            [.. bytes[(2 * size)..].Select(value => value * 0.5f), .. bytes[size..(2 * size)].Select(value => value * 0.5f)], read);

        new ArrayDataset(bytes, [size], new[] { 0, 0, 0 }, 1).ReadInputs([0], read);
        Assert.Equal(bytes[..size].Select(value => value * (1 / 255f)), read[..size]);
    }

    [Fact]
    public void The_first_samples_share_the_memory()
    {
        float[] inputs = new float[10];
        var data = new ArrayDataset(inputs, [2], new[] { 0, 1, 0, 1, 0 }, 2);
        ArrayDataset some = data.Take(3);
        inputs[5] = 7;
        float[] read = new float[2];
        some.ReadInputs([2], read);
        Assert.Equal([0, 7], read);
        Assert.Equal((3, 5, 0), (some.Count, data.Take(99).Count, data.Take(0).Count));
        Assert.Equal(2, some.ClassCount);
        Assert.ThrowsAny<ArgumentException>(() => some.ReadInputs([3], read));
        Assert.Throws<ArgumentOutOfRangeException>(() => data.Take(-1));
        Assert.Equal(2, new ArrayDataset(new byte[12], [4], new[] { 0, 0, 0 }, 1).Take(2).Count);
        Assert.Equal(2, new ArrayDataset(new float[12], [4], new float[3], [1]).Take(2).Count);
    }

    [Fact]
    public void Scalars_and_empty_sets_are_sets()
    {
        var scalars = new ArrayDataset(new float[] { 1, 2, 3 }, [], new float[] { 4, 5, 6 }, []);
        float[] read = new float[1];
        scalars.ReadTargets([1], read);
        Assert.Equal((3, 5f), (scalars.Count, read[0]));
        Assert.Equal(0, new ArrayDataset(Array.Empty<float>(), [3], Array.Empty<int>(), 2).Count);
    }

    [Fact]
    public void Shapes_are_copied()
    {
        int[] shape = [2];
        var data = new ArrayDataset(new float[4], shape, new[] { 0, 0 }, 1);
        shape[0] = 4;
        Assert.Equal([2], data.InputShape);
    }

    [Fact]
    public void What_does_not_fit_is_refused_and_said()
    {
        Refused("The inputs have 7 elements, which is no multiple of a sample's 6 (2×3).",
            () => new ArrayDataset(new float[7], [2, 3], new[] { 0 }, 1));
        Refused("There are 2 inputs, which need 2 target elements, but 3 were given.",
            () => new ArrayDataset(new float[4], [2], new[] { 0, 0, 0 }, 1));
        Refused("There are 2 inputs, which need 6 target elements, but 4 were given.",
            () => new ArrayDataset(new float[4], [2], new float[4], [3]));
        Refused("Sample 1 has class 3; classes are 0 to 2.", () => new ArrayDataset(new float[4], [2], new[] { 0, 3 }, 3));
        Refused("Sample 0 has class -1; classes are 0 to 2.", () => new ArrayDataset(new byte[4], [2], new[] { -1, 0 }, 3));
        Refused("classCount", () => new ArrayDataset(new float[4], [2], new[] { 0, 0 }, 0));
        Refused("inputShape", () => new ArrayDataset(new float[4], [0], new[] { 0 }, 1));
        Refused("inputShape", () => new ArrayDataset(new float[4], [2, -2], new[] { 0 }, 1));
        Refused("targetShape", () => new ArrayDataset(new float[4], [4], new float[4], [0]));
        Refused("inputShape", () => new ArrayDataset(new float[4], null!, new[] { 0 }, 1));
        Refused("targetShape", () => new ArrayDataset(new float[4], [4], new float[4], null!));
        Refused("inputShape", () => new ArrayDataset(new float[4], [65536, 65536], new[] { 0 }, 1));
        Refused("scale", () => new ArrayDataset(new byte[4], [4], new[] { 0 }, 1, float.NaN));
    }

    private static void Refused(string words, Func<ArrayDataset> make)
    {
        var fault = Assert.ThrowsAny<ArgumentException>(() => _ = make());
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
    }
}

namespace Compiled.Tests;

/// <summary>Small data sets, the same in every run.</summary>
internal static class Samples
{
    public static ArrayDataset Classes(int count, int seed = 1, int classes = 3) =>
        new(Inputs(count, seed, 5), [5], ClassIds(count, seed, classes), classes);

    public static ArrayDataset Shapes(int count, int seed = 1) => new(Inputs(count, seed, 6, 6, 2), [6, 6, 2], ClassIds(count, seed, 3), 3);

    public static ArrayDataset Values(int count, int seed = 1) => new(Inputs(count, seed, 5), [5], Inputs(count, seed + 1, 3), [3]);

    public static float[] Inputs(int count, int seed, params int[] shape) => Draw.Reals(seed, [count, .. shape]).ToFloats();

    /// <summary>Class numbers in no order, so that batches differ in them.</summary>
    public static int[] ClassIds(int count, int seed, int classes) =>
        [.. Enumerable.Range(0, count).Select(i => (int)(Philox.Word((ulong)seed, 0xF001, 0, (ulong)i) % (uint)classes))];

    public static float[] OneHot(ReadOnlySpan<int> classIds, int classes)
    {
        float[] targets = new float[classIds.Length * classes];
        for (int i = 0; i < classIds.Length; i++)
            targets[i * classes + classIds[i]] = 1;
        return targets;
    }

    /// <summary>All samples of a set: inputs, and targets as floats.</summary>
    public static (float[] Inputs, float[] Targets) All(Dataset data)
    {
        int[] indices = [.. Enumerable.Range(0, data.Count)];
        float[] inputs = new float[data.InputShape.Aggregate(data.Count, (product, extent) => product * extent)];
        float[] targets =
            new float[data.TargetShape.Aggregate(data.Count * Math.Max(1, data.ClassCount), (product, extent) => product * extent)];
        data.ReadInputs(indices, inputs);
        data.ReadTargets(indices, targets);
        return (inputs, targets);
    }

    /// <summary>All weights of a model, one after the other.</summary>
    public static float[] Weights(Model model) => [.. model.Weights.SelectMany(weight => weight.Span.ToArray())];
}

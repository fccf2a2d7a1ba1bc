namespace Compiled.Tests;

/// <summary>A data set that notes which samples were read, batch by batch, and can do something at each batch.</summary>
internal sealed class WatchedDataset(Dataset data, Action<int>? atBatch = null) : Dataset
{
    private readonly List<int[]> _batches = [];

    public IReadOnlyList<int[]> Batches => _batches;

    public int[] Read => [.. _batches.SelectMany(batch => batch)];

    public override int Count => data.Count;

    public override IReadOnlyList<int> InputShape => data.InputShape;

    public override IReadOnlyList<int> TargetShape => data.TargetShape;

    public override int ClassCount => data.ClassCount;

    public override void ReadInputs(ReadOnlySpan<int> indices, Span<float> inputs)
    {
        _batches.Add(indices.ToArray());
        atBatch?.Invoke(_batches.Count);
        data.ReadInputs(indices, inputs);
    }

    public override void ReadTargets(ReadOnlySpan<int> indices, Span<float> targets) => data.ReadTargets(indices, targets);

    public override void ReadClassIds(ReadOnlySpan<int> indices, Span<int> classIds) => data.ReadClassIds(indices, classIds);
}

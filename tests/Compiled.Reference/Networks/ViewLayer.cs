namespace Compiled.Reference;

/// <summary>A layer that gives the same elements another shape.</summary>
public abstract record ViewLayer : Layer;

/// <summary>A sample as one axis.</summary>
public sealed record FlattenLayer : ViewLayer
{
    public override string Attribute => "Flatten";

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input) => [Tensor.Size(input)];
}

/// <summary>A sample in another shape; an extent of -1 takes what is left.</summary>
public sealed record ReshapeLayer(params IReadOnlyList<int> Target) : ViewLayer
{
    public override string Attribute => "Reshape";

    public override IEnumerable<string> Arguments => Target.Select(extent => $"{extent}");

    public override IReadOnlyList<int> Infer(IReadOnlyList<int> input)
    {
        int known = Target.Where(extent => extent > 0).Aggregate(1, (product, extent) => product * extent);
        return [.. Target.Select(extent => extent > 0 ? extent : Tensor.Size(input) / known)];
    }
}

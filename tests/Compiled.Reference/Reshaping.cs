namespace Compiled.Reference;

/// <summary>The same values with other extents; the batch stays. The gradient takes the way back.</summary>
public static class Reshaping
{
    /// <param name="x">The input.</param>
    /// <param name="target">The shape of a sample; one extent may be −1, which takes what is left.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static Tensor Reshape(Tensor x, params IReadOnlyList<int> target)
    {
        int known = target.Where(extent => extent >= 0).Aggregate(1, (product, extent) => product * extent);
        return x.Reshape([x.Shape[0], .. target.Select(extent => extent < 0 ? x.Count / x.Shape[0] / known : extent)]);
    }

    public static Tensor Flatten(Tensor x) => Reshape(x, -1);

    public static Tensor Backward(Tensor x, Tensor dy) => dy.Reshape(x.Shape);
}

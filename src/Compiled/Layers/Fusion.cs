namespace Compiled;

/// <summary>How the layers of a model are grouped into stages, each of which is one native call forward and one backward.</summary>
public enum Fusion
{
    /// <summary>
    /// Layers are fused wherever the result stays that of the layers one by one; only the batch normalizations that prediction multiplies
    /// into kernels are rounded otherwise.
    /// </summary>
    Full,

    /// <summary>Every layer is a stage of its own: the baseline of benchmarks and the twin that fusion is tested against.</summary>
    None,
}

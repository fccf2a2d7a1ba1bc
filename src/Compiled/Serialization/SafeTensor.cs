namespace Compiled;

/// <summary>A named tensor of a safetensors file: its type and shape, and where its bytes lie after the header.</summary>
/// <param name="Name">The key in the file, e.g. <c>conv2d_1/kernel</c>; at most 256 bytes of UTF-8.</param>
/// <param name="Type">The element type.</param>
/// <param name="Shape">The extents, outermost first; empty for a scalar.</param>
/// <param name="Offset">The first byte, counted from the end of the header.</param>
/// <param name="Length">The number of bytes: the product of <paramref name="Shape"/> times the size of an element.</param>
public sealed record SafeTensor(string Name, TensorType Type, IReadOnlyList<long> Shape, long Offset, long Length)
{
    /// <summary>The shape for people: <c>3×3×3×32</c>, or <c>scalar</c>.</summary>
    internal string ShapeText => Shape.Count == 0 ? "scalar" : string.Join('×', Shape);
}

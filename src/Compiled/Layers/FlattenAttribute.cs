namespace Compiled;

/// <summary>Makes a vector of its input, row-major. It costs nothing: only the shape changes.</summary>
public sealed class FlattenAttribute : LayerAttribute;

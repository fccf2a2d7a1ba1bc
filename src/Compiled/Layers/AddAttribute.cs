namespace Compiled;

/// <summary>
/// Adds the outputs of earlier layers to its input, element by element: a skip connection. All have one shape. The activation that follows is
/// part of the same pass, and so is the addition itself where it follows a normalization.
/// </summary>
/// <param name="layers">The names of the earlier layers, one to three.</param>
/// <example><code>[Conv2D(64, 3, Padding = Padding.Same), BatchNormalization, Add("stem"), ReLU]</code></example>
public sealed class AddAttribute(params string[] layers) : LayerAttribute
{
    /// <summary>The names of the earlier layers.</summary>
    public IReadOnlyList<string> Layers { get; } = layers;
}

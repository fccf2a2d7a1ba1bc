namespace Compiled;

/// <summary>Puts its input and the outputs of earlier layers one after the other along an axis; all other extents are equal.</summary>
/// <param name="layers">The names of the earlier layers, one to three.</param>
/// <example><code>[UpSampling2D, Concatenate("encoder_1"), Conv2D(32, 3, Padding = Padding.Same), ReLU]</code></example>
public sealed class ConcatenateAttribute(params string[] layers) : LayerAttribute
{
    /// <summary>The names of the earlier layers.</summary>
    public IReadOnlyList<string> Layers { get; } = layers;

    /// <summary>The axis, the batch being 0; -1, the default, is the last one, of images the channels.</summary>
    public int Axis { get; set; } = -1;
}

namespace Compiled;

/// <summary>The maximum of each channel of an image: [height, width, channels] becomes [channels]. The first maximum receives the gradient.</summary>
public sealed class GlobalMaxPooling2DAttribute : LayerAttribute
{
    /// <summary>Whether the result is [1, 1, channels]; false by default.</summary>
    public bool KeepDims { get; set; }
}

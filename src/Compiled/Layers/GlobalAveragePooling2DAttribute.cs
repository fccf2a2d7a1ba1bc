namespace Compiled;

/// <summary>The mean of each channel of an image: [height, width, channels] becomes [channels].</summary>
public sealed class GlobalAveragePooling2DAttribute : LayerAttribute
{
    /// <summary>Whether the result is [1, 1, channels]; false by default.</summary>
    public bool KeepDims { get; set; }
}

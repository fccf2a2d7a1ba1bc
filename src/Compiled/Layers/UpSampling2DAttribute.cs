namespace Compiled;

/// <summary>Enlarges an image by whole factors: [height, width, channels] becomes [height × factor, width × factor, channels].</summary>
/// <param name="sizeHeight">The factor of the rows, at least 1.</param>
/// <param name="sizeWidth">The factor of the columns, at least 1.</param>
public sealed class UpSampling2DAttribute(int sizeHeight, int sizeWidth) : LayerAttribute
{
    /// <summary>Enlarges both directions alike.</summary>
    /// <param name="size">The factor; 2 by default.</param>
    public UpSampling2DAttribute(int size = 2)
        : this(size, size)
    {
    }

    /// <summary>The factor of the rows.</summary>
    public int SizeHeight { get; } = sizeHeight;

    /// <summary>The factor of the columns.</summary>
    public int SizeWidth { get; } = sizeWidth;

    /// <summary>What lies between the pixels of the input; <see cref="Interpolation.Nearest"/> by default.</summary>
    public Interpolation Interpolation { get; set; }
}

/// <summary>What lies between the pixels of an image.</summary>
public enum Interpolation
{
    /// <summary>The nearest pixel.</summary>
    Nearest,

    /// <summary>A mean of the four nearest pixels by distance; pixels have their centres at half numbers (Keras 3).</summary>
    Bilinear,
}

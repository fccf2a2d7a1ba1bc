namespace Compiled;

/// <summary>Cuts rows and columns off the sides of an image; at least one of each must be left.</summary>
/// <param name="top">Rows above, at least 0.</param>
/// <param name="bottom">Rows below, at least 0.</param>
/// <param name="left">Columns on the left, at least 0.</param>
/// <param name="right">Columns on the right, at least 0.</param>
public sealed class Cropping2DAttribute(int top, int bottom, int left, int right) : LayerAttribute
{
    /// <summary>As many from opposite sides.</summary>
    /// <param name="croppingHeight">Rows above and below, at least 0.</param>
    /// <param name="croppingWidth">Columns on the left and on the right, at least 0.</param>
    public Cropping2DAttribute(int croppingHeight, int croppingWidth)
        : this(croppingHeight, croppingHeight, croppingWidth, croppingWidth)
    {
    }

    /// <summary>As many from all sides.</summary>
    /// <param name="cropping">Rows and columns from each side, at least 0; 0 by default.</param>
    public Cropping2DAttribute(int cropping = 0)
        : this(cropping, cropping)
    {
    }

    /// <summary>Rows above.</summary>
    public int Top { get; } = top;

    /// <summary>Rows below.</summary>
    public int Bottom { get; } = bottom;

    /// <summary>Columns on the left.</summary>
    public int Left { get; } = left;

    /// <summary>Columns on the right.</summary>
    public int Right { get; } = right;
}

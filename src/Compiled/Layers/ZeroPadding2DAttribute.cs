namespace Compiled;

/// <summary>Puts rows and columns of zeros around an image.</summary>
/// <param name="top">Rows above, at least 0.</param>
/// <param name="bottom">Rows below, at least 0.</param>
/// <param name="left">Columns on the left, at least 0.</param>
/// <param name="right">Columns on the right, at least 0.</param>
public sealed class ZeroPadding2DAttribute(int top, int bottom, int left, int right) : LayerAttribute
{
    /// <summary>As many on opposite sides.</summary>
    /// <param name="paddingHeight">Rows above and below, at least 0.</param>
    /// <param name="paddingWidth">Columns on the left and on the right, at least 0.</param>
    public ZeroPadding2DAttribute(int paddingHeight, int paddingWidth)
        : this(paddingHeight, paddingHeight, paddingWidth, paddingWidth)
    {
    }

    /// <summary>As many on all sides.</summary>
    /// <param name="padding">Rows and columns on each side, at least 0; 1 by default.</param>
    public ZeroPadding2DAttribute(int padding = 1)
        : this(padding, padding)
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

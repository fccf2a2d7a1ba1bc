namespace Compiled;

/// <summary>The mean of each window of an image, channel by channel, over the cells that lie inside the image.</summary>
/// <param name="poolHeight">Rows of the window, at least 1.</param>
/// <param name="poolWidth">Columns of the window, at least 1.</param>
public sealed class AveragePooling2DAttribute(int poolHeight, int poolWidth) : LayerAttribute
{
    /// <summary>A pooling with a square window.</summary>
    /// <param name="poolSize">Rows and columns of the window; 2 by default.</param>
    public AveragePooling2DAttribute(int poolSize = 2)
        : this(poolSize, poolSize)
    {
    }

    /// <summary>Rows of the window.</summary>
    public int PoolHeight { get; } = poolHeight;

    /// <summary>Columns of the window.</summary>
    public int PoolWidth { get; } = poolWidth;

    /// <summary>The step of the window in both directions; that of the window's size by default.</summary>
    public int Strides { get; set; }

    /// <summary>The step of the window down the rows, where it differs from <see cref="Strides"/>.</summary>
    public int StridesHeight { get; set; }

    /// <summary>The step of the window along the columns, where it differs from <see cref="Strides"/>.</summary>
    public int StridesWidth { get; set; }

    /// <summary>What happens at the border; <see cref="Padding.Valid"/> by default. Cells outside the image do not count.</summary>
    public Padding Padding { get; set; }
}

namespace Compiled;

/// <summary>
/// Convolution of images [height, width, channels] (cross-correlation, as everywhere in deep learning) plus a bias, giving
/// [height', width', filters]. The kernel [kernel height, kernel width, channels / groups, filters] starts Glorot uniform, the bias zero.
/// </summary>
/// <param name="filters">The number of output channels, at least 1, or one of <see cref="Compiled.Filters"/>.</param>
/// <param name="kernelHeight">Rows of the window, at least 1.</param>
/// <param name="kernelWidth">Columns of the window, at least 1.</param>
public sealed class Conv2DAttribute(int filters, int kernelHeight, int kernelWidth) : KernelLayerAttribute
{
    /// <summary>A convolution with a square window.</summary>
    /// <param name="filters">The number of output channels, at least 1.</param>
    /// <param name="kernelSize">Rows and columns of the window, at least 1.</param>
    public Conv2DAttribute(int filters, int kernelSize)
        : this(filters, kernelSize, kernelSize)
    {
    }

    /// <summary>The number of output channels.</summary>
    public int Filters { get; } = filters;

    /// <summary>Rows of the window.</summary>
    public int KernelHeight { get; } = kernelHeight;

    /// <summary>Columns of the window.</summary>
    public int KernelWidth { get; } = kernelWidth;

    /// <summary>The step of the window in both directions; 1 by default.</summary>
    public int Strides { get; set; } = 1;

    /// <summary>The step of the window down the rows, where it differs from <see cref="Strides"/>.</summary>
    public int StridesHeight { get; set; }

    /// <summary>The step of the window along the columns, where it differs from <see cref="Strides"/>.</summary>
    public int StridesWidth { get; set; }

    /// <summary>What happens at the border; <see cref="Padding.Valid"/> by default.</summary>
    public Padding Padding { get; set; }

    /// <summary>The distance of neighbouring cells of the window; 1 by default. Cannot be combined with strides above 1 (Keras).</summary>
    public int DilationRate { get; set; } = 1;

    /// <summary>The distance of neighbouring rows of the window, where it differs from <see cref="DilationRate"/>.</summary>
    public int DilationRateHeight { get; set; }

    /// <summary>The distance of neighbouring columns of the window, where it differs from <see cref="DilationRate"/>.</summary>
    public int DilationRateWidth { get; set; }

    /// <summary>
    /// What is applied to the output, <see cref="Activation.Linear"/> by default: the same as an activation that stands behind the layer.
    /// </summary>
    public Activation Activation { get; set; }

    /// <summary>
    /// Into how many groups channels and filters are divided, in their order; the filters of a group see its channels alone. A divisor of both
    /// numbers; 1 by default.
    /// </summary>
    public int Groups { get; set; } = 1;

    /// <summary>Whether a bias is added; true by default.</summary>
    public bool UseBias { get; set; } = true;
}

namespace Compiled;

/// <summary>
/// Transposed convolution of images [height, width, channels] plus a bias, giving larger images [height', width', filters]: what a
/// convolution does to the gradient of its output. Each value adds its multiple of the kernel to the output, <see cref="Strides"/> apart from
/// its neighbour. Without padding height' is height · stride + max(kernel height - stride, 0), with it height · stride. The kernel [kernel
/// height, kernel width, filters, channels] starts Glorot uniform, the bias zero.
/// </summary>
/// <param name="filters">The number of output channels, at least 1, or one of <see cref="Compiled.Filters"/>.</param>
/// <param name="kernelHeight">Rows of the window, at least 1.</param>
/// <param name="kernelWidth">Columns of the window, at least 1.</param>
public sealed class Conv2DTransposeAttribute(int filters, int kernelHeight, int kernelWidth) : KernelLayerAttribute
{
    /// <summary>A transposed convolution with a square window.</summary>
    /// <param name="filters">The number of output channels, at least 1.</param>
    /// <param name="kernelSize">Rows and columns of the window, at least 1.</param>
    public Conv2DTransposeAttribute(int filters, int kernelSize)
        : this(filters, kernelSize, kernelSize)
    {
    }

    /// <summary>The number of output channels.</summary>
    public int Filters { get; } = filters;

    /// <summary>Rows of the window.</summary>
    public int KernelHeight { get; } = kernelHeight;

    /// <summary>Columns of the window.</summary>
    public int KernelWidth { get; } = kernelWidth;

    /// <summary>How far neighbours of the input are from each other in the output, in both directions; 1 by default.</summary>
    public int Strides { get; set; } = 1;

    /// <summary>The same down the rows, where it differs from <see cref="Strides"/>.</summary>
    public int StridesHeight { get; set; }

    /// <summary>The same along the columns, where it differs from <see cref="Strides"/>.</summary>
    public int StridesWidth { get; set; }

    /// <summary>Whether the output is cut at its border; <see cref="Padding.Valid"/> by default: it is not.</summary>
    public Padding Padding { get; set; }

    /// <summary>
    /// Rows and columns to add to the least output from which a convolution gives the input: (height - 1) · stride + kernel height without
    /// padding, with it that less twice half the kernel height. Less than the stride. Left out, the output has the extents above.
    /// </summary>
    public int OutputPadding { get; set; }

    /// <summary>Rows to add, where their number differs from <see cref="OutputPadding"/>.</summary>
    public int OutputPaddingHeight { get; set; }

    /// <summary>Columns to add, where their number differs from <see cref="OutputPadding"/>.</summary>
    public int OutputPaddingWidth { get; set; }

    /// <summary>The distance of neighbouring cells of the window; 1 by default. Cannot be combined with strides above 1 (Keras).</summary>
    public int DilationRate { get; set; } = 1;

    /// <summary>The distance of neighbouring rows of the window, where it differs from <see cref="DilationRate"/>.</summary>
    public int DilationRateHeight { get; set; }

    /// <summary>The distance of neighbouring columns of the window, where it differs from <see cref="DilationRate"/>.</summary>
    public int DilationRateWidth { get; set; }

    /// <summary>Whether a bias is added; true by default.</summary>
    public bool UseBias { get; set; } = true;

    /// <summary>What is applied to the result; <see cref="Activation.Linear"/> by default.</summary>
    public Activation Activation { get; set; }
}

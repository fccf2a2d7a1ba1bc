namespace Compiled;

/// <summary>
/// Convolution of each channel of images [height, width, channels] by itself plus a bias, giving [height', width', channels · multiplier]:
/// the filters of a channel are next to each other. The kernel [kernel height, kernel width, channels, multiplier] starts Glorot uniform,
/// the bias zero.
/// </summary>
/// <param name="kernelHeight">Rows of the window, at least 1.</param>
/// <param name="kernelWidth">Columns of the window, at least 1.</param>
public sealed class DepthwiseConv2DAttribute(int kernelHeight, int kernelWidth) : DepthwiseLayerAttribute
{
    /// <summary>A depthwise convolution with a square window.</summary>
    /// <param name="kernelSize">Rows and columns of the window, at least 1.</param>
    public DepthwiseConv2DAttribute(int kernelSize)
        : this(kernelSize, kernelSize)
    {
    }

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

    /// <summary>How many filters each channel has, at least 1; 1 by default.</summary>
    public int DepthMultiplier { get; set; } = 1;

    /// <summary>Whether a bias is added; true by default.</summary>
    public bool UseBias { get; set; } = true;

    /// <summary>What is applied to the result; <see cref="Activation.Linear"/> by default.</summary>
    public Activation Activation { get; set; }
}

namespace Compiled;

/// <summary>
/// A depthwise convolution of images [height, width, channels], then a convolution of 1×1 over all of its channels plus a bias, giving
/// [height', width', filters] (Chollet, 2017). The depthwise kernel [kernel height, kernel width, channels, multiplier] and the pointwise
/// kernel [1, 1, channels · multiplier, filters] start Glorot uniform, the bias zero.
/// </summary>
/// <param name="filters">The number of output channels, at least 1, or one of <see cref="Compiled.Filters"/>.</param>
/// <param name="kernelHeight">Rows of the window, at least 1.</param>
/// <param name="kernelWidth">Columns of the window, at least 1.</param>
public sealed class SeparableConv2DAttribute(int filters, int kernelHeight, int kernelWidth) : DepthwiseLayerAttribute
{
    /// <summary>A separable convolution with a square window.</summary>
    /// <param name="filters">The number of output channels, at least 1.</param>
    /// <param name="kernelSize">Rows and columns of the window, at least 1.</param>
    public SeparableConv2DAttribute(int filters, int kernelSize)
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

    /// <summary>How many filters each channel has, at least 1; 1 by default.</summary>
    public int DepthMultiplier { get; set; } = 1;

    /// <summary>Whether a bias is added; true by default.</summary>
    public bool UseBias { get; set; } = true;

    /// <summary>What is applied to the result; <see cref="Activation.Linear"/> by default.</summary>
    public Activation Activation { get; set; }

    /// <summary>How the pointwise kernel starts; <see cref="Initializer.GlorotUniform"/> by default.</summary>
    public Initializer PointwiseInitializer { get; set; } = Initializer.GlorotUniform;

    /// <summary>The parameter of <see cref="PointwiseInitializer"/>, where it has one; by default its own default.</summary>
    public double PointwiseInitializerValue { get; set; } = double.NaN;

    /// <summary>What the sum of the magnitudes of the pointwise kernel adds to the loss (Keras' <c>L1</c>), at least 0; 0 by default.</summary>
    public double PointwiseL1 { get; set; }

    /// <summary>What the sum of the squares of the pointwise kernel adds to the loss (Keras' <c>L2</c>), at least 0; 0 by default.</summary>
    public double PointwiseL2 { get; set; }

    /// <summary>What the pointwise kernel is made to be after each update; <see cref="Constraint.None"/> by default.</summary>
    public Constraint PointwiseConstraint { get; set; }

    /// <summary>
    /// The largest norm of <see cref="PointwiseConstraint"/>: by default 2 for <see cref="Constraint.MaxNorm"/> and 1 for
    /// <see cref="Constraint.MinMaxNorm"/>.
    /// </summary>
    public double PointwiseConstraintValue { get; set; } = double.NaN;

    /// <summary>The least norm of <see cref="Constraint.MinMaxNorm"/>; 0 by default.</summary>
    public double PointwiseConstraintMinimum { get; set; } = double.NaN;

    /// <summary>How far <see cref="Constraint.MinMaxNorm"/> moves a norm into its range, from 0 to 1; 1 by default.</summary>
    public double PointwiseConstraintRate { get; set; } = double.NaN;
}

namespace Compiled;

/// <summary>A layer with a kernel for each channel.</summary>
public abstract class DepthwiseLayerAttribute : WeightedLayerAttribute
{
    /// <summary>How the depthwise kernel starts; <see cref="Initializer.GlorotUniform"/> by default.</summary>
    public Initializer DepthwiseInitializer { get; set; } = Initializer.GlorotUniform;

    /// <summary>The parameter of <see cref="DepthwiseInitializer"/>, where it has one; by default its own default.</summary>
    public double DepthwiseInitializerValue { get; set; } = double.NaN;

    /// <summary>What the sum of the magnitudes of the depthwise kernel adds to the loss (Keras' <c>L1</c>), at least 0; 0 by default.</summary>
    public double DepthwiseL1 { get; set; }

    /// <summary>What the sum of the squares of the depthwise kernel adds to the loss (Keras' <c>L2</c>), at least 0; 0 by default.</summary>
    public double DepthwiseL2 { get; set; }

    /// <summary>What the depthwise kernel is made to be after each update; <see cref="Constraint.None"/> by default.</summary>
    public Constraint DepthwiseConstraint { get; set; }

    /// <summary>
    /// The largest norm of <see cref="DepthwiseConstraint"/>: by default 2 for <see cref="Constraint.MaxNorm"/> and 1 for
    /// <see cref="Constraint.MinMaxNorm"/>.
    /// </summary>
    public double DepthwiseConstraintValue { get; set; } = double.NaN;

    /// <summary>The least norm of <see cref="Constraint.MinMaxNorm"/>; 0 by default.</summary>
    public double DepthwiseConstraintMinimum { get; set; } = double.NaN;

    /// <summary>How far <see cref="Constraint.MinMaxNorm"/> moves a norm into its range, from 0 to 1; 1 by default.</summary>
    public double DepthwiseConstraintRate { get; set; } = double.NaN;
}

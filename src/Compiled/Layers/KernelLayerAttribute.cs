namespace Compiled;

/// <summary>A layer with one kernel.</summary>
public abstract class KernelLayerAttribute : WeightedLayerAttribute
{
    /// <summary>How the kernel starts; <see cref="Initializer.GlorotUniform"/> by default.</summary>
    public Initializer KernelInitializer { get; set; } = Initializer.GlorotUniform;

    /// <summary>The parameter of <see cref="KernelInitializer"/>, where it has one; by default its own default.</summary>
    public double KernelInitializerValue { get; set; } = double.NaN;

    /// <summary>What the sum of the magnitudes of the kernel adds to the loss (Keras' <c>L1</c>), at least 0; 0 by default.</summary>
    public double KernelL1 { get; set; }

    /// <summary>What the sum of the squares of the kernel adds to the loss (Keras' <c>L2</c>), at least 0; 0 by default.</summary>
    public double KernelL2 { get; set; }

    /// <summary>What the kernel is made to be after each update; <see cref="Constraint.None"/> by default.</summary>
    public Constraint KernelConstraint { get; set; }

    /// <summary>
    /// The largest norm of <see cref="KernelConstraint"/>: by default 2 for <see cref="Constraint.MaxNorm"/> and 1 for
    /// <see cref="Constraint.MinMaxNorm"/>.
    /// </summary>
    public double KernelConstraintValue { get; set; } = double.NaN;

    /// <summary>The least norm of <see cref="Constraint.MinMaxNorm"/>; 0 by default.</summary>
    public double KernelConstraintMinimum { get; set; } = double.NaN;

    /// <summary>How far <see cref="Constraint.MinMaxNorm"/> moves a norm into its range, from 0 to 1; 1 by default.</summary>
    public double KernelConstraintRate { get; set; } = double.NaN;
}

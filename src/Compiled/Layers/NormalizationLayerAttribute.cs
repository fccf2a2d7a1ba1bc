namespace Compiled;

/// <summary>A layer that normalizes, then scales by gamma and shifts by beta.</summary>
public abstract class NormalizationLayerAttribute : LayerAttribute
{
    /// <summary>What is added to the variance, above 0; 0.001 by default.</summary>
    public double Epsilon { get; set; } = 0.001;

    /// <summary>Whether there is a beta; true by default.</summary>
    public bool Center { get; set; } = true;

    /// <summary>Whether there is a gamma; true by default.</summary>
    public bool Scale { get; set; } = true;

    /// <summary>How gamma starts; <see cref="Initializer.Ones"/> by default.</summary>
    public Initializer GammaInitializer { get; set; } = Initializer.Ones;

    /// <summary>The parameter of <see cref="GammaInitializer"/>, where it has one; by default its own default.</summary>
    public double GammaInitializerValue { get; set; } = double.NaN;

    /// <summary>What the sum of the magnitudes of gamma adds to the loss (Keras' <c>L1</c>), at least 0; 0 by default.</summary>
    public double GammaL1 { get; set; }

    /// <summary>What the sum of the squares of gamma adds to the loss (Keras' <c>L2</c>), at least 0; 0 by default.</summary>
    public double GammaL2 { get; set; }

    /// <summary>What gamma is made to be after each update; <see cref="Constraint.None"/> by default.</summary>
    public Constraint GammaConstraint { get; set; }

    /// <summary>
    /// The largest norm of <see cref="GammaConstraint"/>: by default 2 for <see cref="Constraint.MaxNorm"/> and 1 for
    /// <see cref="Constraint.MinMaxNorm"/>.
    /// </summary>
    public double GammaConstraintValue { get; set; } = double.NaN;

    /// <summary>The least norm of <see cref="Constraint.MinMaxNorm"/>; 0 by default.</summary>
    public double GammaConstraintMinimum { get; set; } = double.NaN;

    /// <summary>How far <see cref="Constraint.MinMaxNorm"/> moves a norm into its range, from 0 to 1; 1 by default.</summary>
    public double GammaConstraintRate { get; set; } = double.NaN;

    /// <summary>How beta starts; <see cref="Initializer.Zeros"/> by default.</summary>
    public Initializer BetaInitializer { get; set; } = Initializer.Zeros;

    /// <summary>The parameter of <see cref="BetaInitializer"/>, where it has one; by default its own default.</summary>
    public double BetaInitializerValue { get; set; } = double.NaN;

    /// <summary>What the sum of the magnitudes of beta adds to the loss (Keras' <c>L1</c>), at least 0; 0 by default.</summary>
    public double BetaL1 { get; set; }

    /// <summary>What the sum of the squares of beta adds to the loss (Keras' <c>L2</c>), at least 0; 0 by default.</summary>
    public double BetaL2 { get; set; }

    /// <summary>What beta is made to be after each update; <see cref="Constraint.None"/> by default.</summary>
    public Constraint BetaConstraint { get; set; }

    /// <summary>
    /// The largest norm of <see cref="BetaConstraint"/>: by default 2 for <see cref="Constraint.MaxNorm"/> and 1 for
    /// <see cref="Constraint.MinMaxNorm"/>.
    /// </summary>
    public double BetaConstraintValue { get; set; } = double.NaN;

    /// <summary>The least norm of <see cref="Constraint.MinMaxNorm"/>; 0 by default.</summary>
    public double BetaConstraintMinimum { get; set; } = double.NaN;

    /// <summary>How far <see cref="Constraint.MinMaxNorm"/> moves a norm into its range, from 0 to 1; 1 by default.</summary>
    public double BetaConstraintRate { get; set; } = double.NaN;
}

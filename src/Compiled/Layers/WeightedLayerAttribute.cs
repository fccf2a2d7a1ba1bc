namespace Compiled;

/// <summary>A layer with weights.</summary>
public abstract class WeightedLayerAttribute : LayerAttribute
{
    /// <summary>How the bias starts; <see cref="Initializer.Zeros"/> by default.</summary>
    public Initializer BiasInitializer { get; set; } = Initializer.Zeros;

    /// <summary>The parameter of <see cref="BiasInitializer"/>, where it has one; by default its own default.</summary>
    public double BiasInitializerValue { get; set; } = double.NaN;

    /// <summary>What the sum of the magnitudes of the bias adds to the loss (Keras' <c>L1</c>), at least 0; 0 by default.</summary>
    public double BiasL1 { get; set; }

    /// <summary>What the sum of the squares of the bias adds to the loss (Keras' <c>L2</c>), at least 0; 0 by default.</summary>
    public double BiasL2 { get; set; }

    /// <summary>What the bias is made to be after each update; <see cref="Constraint.None"/> by default.</summary>
    public Constraint BiasConstraint { get; set; }

    /// <summary>
    /// The largest norm of <see cref="BiasConstraint"/>: by default 2 for <see cref="Constraint.MaxNorm"/> and 1 for
    /// <see cref="Constraint.MinMaxNorm"/>.
    /// </summary>
    public double BiasConstraintValue { get; set; } = double.NaN;

    /// <summary>The least norm of <see cref="Constraint.MinMaxNorm"/>; 0 by default.</summary>
    public double BiasConstraintMinimum { get; set; } = double.NaN;

    /// <summary>How far <see cref="Constraint.MinMaxNorm"/> moves a norm into its range, from 0 to 1; 1 by default.</summary>
    public double BiasConstraintRate { get; set; } = double.NaN;

    /// <summary>
    /// Whether the layer learns; true by default. If not, its weights stay as they are, and have neither gradients nor penalties; what only
    /// their gradients need is not computed. It is known when the program is built and cannot change while it runs.
    /// </summary>
    public bool Trainable { get; set; } = true;
}

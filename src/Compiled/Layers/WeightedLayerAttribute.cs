namespace Compiled;

/// <summary>A layer with weights.</summary>
public abstract class WeightedLayerAttribute : LayerAttribute
{
    /// <summary>How the bias starts; <see cref="Initializer.Zeros"/> by default.</summary>
    public Initializer BiasInitializer { get; set; } = Initializer.Zeros;

    /// <summary>The parameter of <see cref="BiasInitializer"/>, where it has one; by default its own default.</summary>
    public double BiasInitializerValue { get; set; } = double.NaN;
}

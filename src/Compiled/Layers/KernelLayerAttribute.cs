namespace Compiled;

/// <summary>A layer with one kernel.</summary>
public abstract class KernelLayerAttribute : WeightedLayerAttribute
{
    /// <summary>How the kernel starts; <see cref="Initializer.GlorotUniform"/> by default.</summary>
    public Initializer KernelInitializer { get; set; } = Initializer.GlorotUniform;

    /// <summary>The parameter of <see cref="KernelInitializer"/>, where it has one; by default its own default.</summary>
    public double KernelInitializerValue { get; set; } = double.NaN;
}

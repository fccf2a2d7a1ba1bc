namespace Compiled;

/// <summary>
/// A fully connected layer over the last axis: [..., inputs] to [..., units]. The kernel [inputs, units] starts Glorot uniform, the bias zero.
/// </summary>
/// <param name="units">The number of outputs, at least 1.</param>
public sealed class DenseAttribute(int units) : KernelLayerAttribute
{
    /// <summary>The number of outputs.</summary>
    public int Units { get; } = units;

    /// <summary>
    /// What is applied to the output, <see cref="Activation.Linear"/> by default: the same as an activation that stands behind the layer.
    /// </summary>
    public Activation Activation { get; set; }

    /// <summary>Whether a bias is added; true by default.</summary>
    public bool UseBias { get; set; } = true;
}

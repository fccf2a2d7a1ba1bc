namespace Compiled;

/// <summary>Applies an activation function to every element, or one of those that look at all of the last axis.</summary>
/// <param name="activation">The function.</param>
public sealed class ActivationAttribute(Activation activation) : LayerAttribute
{
    /// <summary>The function.</summary>
    public Activation Activation { get; } = activation;
}

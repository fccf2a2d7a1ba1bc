namespace Compiled;

/// <summary>1 / (1 + exp(-x)), <c>[Activation(Activation.Sigmoid)]</c>.</summary>
public sealed class SigmoidAttribute : LayerAttribute;

namespace Compiled;

/// <summary>The hyperbolic tangent, <c>[Activation(Activation.Tanh)]</c>.</summary>
public sealed class TanhAttribute : LayerAttribute;

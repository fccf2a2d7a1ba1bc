namespace Compiled;

/// <summary>The identity, <c>[Activation(Activation.Linear)]</c>.</summary>
public sealed class LinearAttribute : LayerAttribute;

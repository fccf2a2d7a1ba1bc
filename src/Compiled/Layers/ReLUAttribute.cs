namespace Compiled;

/// <summary>max(x, 0), <c>[Activation(Activation.ReLU)]</c>.</summary>
public sealed class ReLUAttribute : LayerAttribute;

namespace Compiled;

/// <summary>
/// A gated linear unit, <c>[Activation(Activation.GLU)]</c>: the first half of the last axis times the sigmoid of the second (Dauphin et al.,
/// 2017). The last axis must be even; half of it is left.
/// </summary>
public sealed class GLUAttribute : LayerAttribute;

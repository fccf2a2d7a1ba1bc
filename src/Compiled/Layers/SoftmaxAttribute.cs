namespace Compiled;

/// <summary>exp(x) / sum(exp(x)) over the last axis, <c>[Activation(Activation.Softmax)]</c>. Directly before a cross-entropy the two are computed as one, from the logits.</summary>
public sealed class SoftmaxAttribute : LayerAttribute;

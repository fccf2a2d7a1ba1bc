namespace Compiled;

/// <summary>
/// x - log(sum(exp(x))) over the last axis, <c>[Activation(Activation.LogSoftmax)]</c>: the logarithms of probabilities. A cross-entropy takes
/// them with FromLogits.
/// </summary>
public sealed class LogSoftmaxAttribute : LayerAttribute;

namespace Compiled;

/// <summary>
/// max(x - τ, 0) over the last axis, with the τ that makes their sum 1, <c>[Activation(Activation.Sparsemax)]</c>: probabilities of which many
/// are exactly 0, the nearest ones to x (Martins and Astudillo, 2016). The gradient passes where they are not 0.
/// </summary>
public sealed class SparsemaxAttribute : LayerAttribute;

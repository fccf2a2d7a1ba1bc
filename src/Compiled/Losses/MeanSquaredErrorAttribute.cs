namespace Compiled;

/// <summary>The mean of (prediction - target)² over the last axis, for targets of the output's shape.</summary>
/// <remarks>
/// Hits are counted directly behind <see cref="SigmoidAttribute"/> or <see cref="SoftmaxAttribute"/> only, where outputs are
/// probabilities: of one output above and below 0.5, of several the largest. Else the model has no accuracy: it is NaN.
/// </remarks>
public sealed class MeanSquaredErrorAttribute : LossAttribute;

namespace Compiled;

/// <summary>
/// What weights are made to be after each update of the optimizer, whoever asks for it; initial weights, and those that a program writes,
/// stay as they are until then. Moving averages of weights (<see cref="Optimizer.UseEma"/>) are taken before it (Keras 3).
/// </summary>
/// <remarks>
/// The norm of a kernel is that of each column: of what one unit of a dense layer or one filter of a convolution multiplies. It is taken over
/// all axes but the last, which in Keras is <c>axis=0</c> for dense layers and <c>axis=[0, 1, 2]</c> for convolutions. The last axis of a
/// transposed convolution's kernel are its input channels, that of a depthwise one the multipliers, so there the same rule gives a norm for each
/// of those. Other weights (biases, gamma, beta) have one norm as a whole (<c>axis=0</c>). Norms are divided by with 1e-7 added, as in Keras.
/// </remarks>
public enum Constraint
{
    /// <summary>Anything.</summary>
    None,

    /// <summary>What has a norm above the largest one is scaled down to it (Srebro et al., 2004).</summary>
    MaxNorm,

    /// <summary>What is below 0 becomes 0.</summary>
    NonNeg,

    /// <summary>Everything is scaled to a norm of 1.</summary>
    UnitNorm,

    /// <summary>What has a norm outside of a range moves into it, by a rate.</summary>
    MinMaxNorm,
}

namespace Compiled;

/// <summary>
/// The mean of (log(prediction + 1) - log(target + 1))² over the last axis, for targets of the output's shape. Both count as at least
/// 1e-7; where a prediction is less, nothing flows back.
/// </summary>
public sealed class MeanSquaredLogarithmicErrorAttribute : LossAttribute;

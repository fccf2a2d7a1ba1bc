namespace Compiled;

/// <summary>
/// The mean of prediction - target log(prediction + 1e-7) over the last axis, for targets of the output's shape that are counts: the
/// predictions are their rates, which are positive.
/// </summary>
public sealed class PoissonAttribute : LossAttribute;

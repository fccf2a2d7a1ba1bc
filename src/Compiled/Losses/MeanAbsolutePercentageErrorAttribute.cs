namespace Compiled;

/// <summary>
/// The mean of 100 |prediction - target| / |target| over the last axis, for targets of the output's shape; a target counts as at least
/// 1e-7.
/// </summary>
public sealed class MeanAbsolutePercentageErrorAttribute : LossAttribute;

namespace Compiled;

/// <summary>
/// The sum of t log(t / p) over the last axis (Kullback and Leibler, 1951), for targets of the output's shape. Both are distributions,
/// clipped to [1e-7, 1]; where a prediction is clipped, nothing flows back.
/// </summary>
public sealed class KLDivergenceAttribute : LossAttribute;

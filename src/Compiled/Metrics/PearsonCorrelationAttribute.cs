namespace Compiled;

/// <summary>
/// Pearson's correlation of the outputs of a sample (and position) with their targets, averaged: 1 where they rise together in proportion, −1 where one
/// falls as the other rises. NaN for outputs or targets that are all the same (Keras). At least two outputs.
/// </summary>
public sealed class PearsonCorrelationAttribute : MetricAttribute;

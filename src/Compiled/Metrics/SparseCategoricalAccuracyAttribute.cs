namespace Compiled;

/// <summary>The part of samples whose largest output, the first of equal ones, is that of the target class.</summary>
public sealed class SparseCategoricalAccuracyAttribute : MetricAttribute;

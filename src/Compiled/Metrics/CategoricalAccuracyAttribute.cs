namespace Compiled;

/// <summary>The part of samples whose largest output, the first of equal ones, is where the target has its largest value.</summary>
public sealed class CategoricalAccuracyAttribute : MetricAttribute;

namespace Compiled;

/// <summary>The root of the mean of all squared errors.</summary>
public sealed class RootMeanSquaredErrorAttribute : MetricAttribute;

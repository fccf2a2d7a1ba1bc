namespace Compiled;

/// <summary>1 - Σ(target - prediction)² / Σ(target - mean)², the coefficient of determination, averaged over the outputs; 0 for targets that are all equal.</summary>
public sealed class R2ScoreAttribute : MetricAttribute;

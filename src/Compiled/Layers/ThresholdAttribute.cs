namespace Compiled;

/// <summary>x above a threshold, else a value; what of Keras is the function <c>threshold(x, threshold, default_value)</c>. The gradient passes above.</summary>
/// <param name="threshold">The input above which x passes; any finite float.</param>
/// <param name="value">What takes its place at and below; any finite float.</param>
public sealed class ThresholdAttribute(double threshold, double value) : LayerAttribute
{
    /// <summary>The input above which x passes.</summary>
    public double Threshold { get; } = threshold;

    /// <summary>What takes its place at and below.</summary>
    public double Value { get; } = value;
}

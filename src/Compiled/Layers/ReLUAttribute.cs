namespace Compiled;

/// <summary>
/// max(x, 0), <c>[Activation(Activation.ReLU)]</c>; with its properties, the general form: <see cref="MaxValue"/> from there on, x above
/// <see cref="Threshold"/>, else <see cref="NegativeSlope"/> (x - threshold).
/// </summary>
public sealed class ReLUAttribute : LayerAttribute
{
    /// <summary>The slope at and below the threshold, at least 0; 0 by default.</summary>
    public double NegativeSlope { get; set; }

    /// <summary>The largest output, at least 0; infinite by default.</summary>
    public double MaxValue { get; set; } = double.PositiveInfinity;

    /// <summary>The input above which x passes, at least 0; 0 by default.</summary>
    public double Threshold { get; set; }
}

namespace Compiled;

/// <summary>x above 0, else <see cref="NegativeSlope"/> x (Maas et al., 2013).</summary>
public sealed class LeakyReLUAttribute : LayerAttribute
{
    /// <summary>A slope of 0.3.</summary>
    public LeakyReLUAttribute()
        : this(0.3)
    {
    }

    /// <summary>A slope of one's own.</summary>
    /// <param name="negativeSlope">The slope at and below 0, at least 0.</param>
    public LeakyReLUAttribute(double negativeSlope)
    {
        NegativeSlope = negativeSlope;
    }

    /// <summary>The slope at and below 0; 0.3 by default, as the layer of Keras.</summary>
    public double NegativeSlope { get; set; }
}

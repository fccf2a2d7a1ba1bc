namespace Compiled;

/// <summary>x above 0, else <see cref="Alpha"/> (exp(x) - 1) (Clevert et al., 2015).</summary>
public sealed class ELUAttribute : LayerAttribute
{
    /// <summary>An alpha of 1.</summary>
    public ELUAttribute()
        : this(1)
    {
    }

    /// <summary>An alpha of one's own.</summary>
    /// <param name="alpha">What the output tends to, negated; above 0.</param>
    public ELUAttribute(double alpha)
    {
        Alpha = alpha;
    }

    /// <summary>What the output tends to, negated; 1 by default.</summary>
    public double Alpha { get; set; }
}

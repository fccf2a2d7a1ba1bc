using System.Runtime.CompilerServices;

namespace Compiled;

/// <summary>How weights start.</summary>
public enum Initializer
{
    /// <summary>All zero.</summary>
    Zeros,

    /// <summary>All one.</summary>
    Ones,

    /// <summary>Uniform in ±√(6 / (fan in + fan out)) (Glorot and Bengio, 2010).</summary>
    GlorotUniform,
}

/// <summary>Fills weights with their initial values.</summary>
internal static class Initializers
{
    public static void Fill(Span<float> weights, ParameterPlan plan, ulong seed)
    {
        switch (plan.Initializer)
        {
            case Initializer.Zeros:
                weights.Clear();
                break;
            case Initializer.Ones:
                weights.Fill(1);
                break;
            default:
                FillUniform(weights, (float)Math.Sqrt(6.0 / (plan.FanIn + plan.FanOut)), plan.Stream, seed);
                break;
        }
    }

    // Runs once over all weights of a model: too short a life for tiered compilation to pay off.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillUniform(Span<float> weights, float limit, uint stream, ulong seed)
    {
        const float Unit = 1f / (1 << 24);
        for (int i = 0; i < weights.Length; i += 4)
        {
            uint block = (uint)(i / 4);
            var words = Philox.Block((block, 0, 0, stream), ((uint)seed, (uint)(seed >> 32)));
            weights[i] = limit * (2 * ((words.W0 >> 8) * Unit) - 1);
            if (i + 1 < weights.Length)
                weights[i + 1] = limit * (2 * ((words.W1 >> 8) * Unit) - 1);
            if (i + 2 < weights.Length)
                weights[i + 2] = limit * (2 * ((words.W2 >> 8) * Unit) - 1);
            if (i + 3 < weights.Length)
                weights[i + 3] = limit * (2 * ((words.W3 >> 8) * Unit) - 1);
        }
    }
}

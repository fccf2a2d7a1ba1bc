using System.Runtime.CompilerServices;

namespace Compiled;

/// <summary>Fills weights with their initial values.</summary>
internal static class Initializers
{
    /// <summary>The deviation of a normal number that is drawn again beyond two deviations.</summary>
    private const double TruncatedDeviation = 0.87962566103423978;

    public static void Fill(Span<float> weights, ParameterPlan plan, ulong seed)
    {
        var draw = new Draw(plan.Stream, seed);
        double Parameter(double absent) => plan.InitializerValue ?? absent;
        switch (plan.Initializer)
        {
            case Initializer.Zeros:
                weights.Clear();
                break;
            case Initializer.Ones:
                weights.Fill(1);
                break;
            case Initializer.Constant:
                weights.Fill((float)Parameter(0));
                break;
            case Initializer.RandomUniform:
                FillUniform(weights, Parameter(0.05), draw);
                break;
            case Initializer.TruncatedNormal:
                FillTruncated(weights, Parameter(0.05), draw);
                break;
            case Initializer.RandomNormal:
                FillNormal(weights, Parameter(0.05), draw);
                break;
            case Initializer.Orthogonal:
                OrthogonalMatrix.Fill(weights, plan.Shape[^1], Parameter(1), (row, element) => draw.Normal(row, element));
                break;
            case Initializer.Identity:
                FillIdentity(weights, plan.Shape[^1], (float)Parameter(1));
                break;
            default:
                FillScaled(weights, plan, draw);
                break;
        }
    }

    /// <summary>Those whose variance follows from the fans: Keras' VarianceScaling.</summary>
    private static void FillScaled(Span<float> weights, ParameterPlan plan, Draw draw)
    {
        double scale = plan.InitializerValue ?? 1, mean = (plan.FanIn + plan.FanOut) / 2.0;
        switch (plan.Initializer)
        {
            case Initializer.GlorotUniform:
                FillUniform(weights, Math.Sqrt(3.0 / mean), draw);
                break;
            case Initializer.HeUniform:
                FillUniform(weights, Math.Sqrt(6.0 / plan.FanIn), draw);
                break;
            case Initializer.LecunUniform:
                FillUniform(weights, Math.Sqrt(3.0 / plan.FanIn), draw);
                break;
            case Initializer.FanInUniform:
                FillUniform(weights, Math.Sqrt(3 * scale / plan.FanIn), draw);
                break;
            case Initializer.FanOutUniform:
                FillUniform(weights, Math.Sqrt(3 * scale / plan.FanOut), draw);
                break;
            case Initializer.FanAvgUniform:
                FillUniform(weights, Math.Sqrt(3 * scale / mean), draw);
                break;
            case Initializer.GlorotNormal:
                FillTruncated(weights, Deviation(1.0 / mean), draw);
                break;
            case Initializer.HeNormal:
                FillTruncated(weights, Deviation(2.0 / plan.FanIn), draw);
                break;
            case Initializer.LecunNormal:
                FillTruncated(weights, Deviation(1.0 / plan.FanIn), draw);
                break;
            case Initializer.FanInNormal:
                FillTruncated(weights, Deviation(scale / plan.FanIn), draw);
                break;
            case Initializer.FanOutNormal:
                FillTruncated(weights, Deviation(scale / plan.FanOut), draw);
                break;
            case Initializer.FanAvgNormal:
                FillTruncated(weights, Deviation(scale / mean), draw);
                break;
            case Initializer.FanInUntruncatedNormal:
                FillNormal(weights, Math.Sqrt(scale / plan.FanIn), draw);
                break;
            case Initializer.FanOutUntruncatedNormal:
                FillNormal(weights, Math.Sqrt(scale / plan.FanOut), draw);
                break;
            case Initializer.FanAvgUntruncatedNormal:
                FillNormal(weights, Math.Sqrt(scale / mean), draw);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(plan), plan.Initializer, "There is no such initializer.");
        }
    }

    /// <summary>The deviation that a normal number of a variance has before it is truncated.</summary>
    private static double Deviation(double variance) => Math.Sqrt(variance) / TruncatedDeviation;

    // Runs once over all weights of a model: too short a life for tiered compilation to pay off.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillUniform(Span<float> weights, double bound, Draw draw)
    {
        const float Unit = 1f / (1 << 24);
        float limit = (float)bound;
        for (int i = 0; i < weights.Length; i += 4)
        {
            var words = draw.Block(i / 4);
            weights[i] = limit * (2 * ((words.W0 >> 8) * Unit) - 1);
            if (i + 1 < weights.Length)
                weights[i + 1] = limit * (2 * ((words.W1 >> 8) * Unit) - 1);
            if (i + 2 < weights.Length)
                weights[i + 2] = limit * (2 * ((words.W2 >> 8) * Unit) - 1);
            if (i + 3 < weights.Length)
                weights[i + 3] = limit * (2 * ((words.W3 >> 8) * Unit) - 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillNormal(Span<float> weights, double deviation, Draw draw)
    {
        for (int i = 0; i < weights.Length; i++)
            weights[i] = (float)(deviation * draw.Normal(0, i));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillTruncated(Span<float> weights, double deviation, Draw draw)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            double number = draw.Normal(0, i);
            for (int attempt = 1; Math.Abs(number) > 2; attempt++)
                number = draw.Normal(attempt, i);
            weights[i] = (float)(deviation * number);
        }
    }

    private static void FillIdentity(Span<float> weights, int columns, float value)
    {
        weights.Clear();
        for (int i = 0; i < Math.Min(weights.Length / columns, columns); i++)
            weights[(i * columns) + i] = value;
    }

    /// <summary>The random numbers of a weight.</summary>
    private readonly record struct Draw(uint Stream, ulong Seed)
    {
        public (uint W0, uint W1, uint W2, uint W3) Block(int number, int attempt = 0) =>
            Philox.Block(((uint)number, 0, (uint)attempt, Stream), ((uint)Seed, (uint)(Seed >> 32)));

        /// <summary>A number of mean 0 and deviation 1 (Box and Muller): two elements share a block.</summary>
        public double Normal(int attempt, int element)
        {
            var words = Block(element / 2, attempt);
            (uint first, uint second) = element % 2 == 0 ? (words.W0, words.W1) : (words.W2, words.W3);
            double radius = Math.Sqrt(-2 * Math.Log(((first >> 8) + 1.0) / (1 << 24)));
            return radius * Math.Cos(2 * Math.PI * (second >> 8) / (1 << 24));
        }
    }
}

using Compiled.Examples;

namespace Compiled.Tests;

[Model]
[Input(3)]
[BatchNormalization(
    GammaInitializer = Initializer.Constant, GammaInitializerValue = 0.5, BetaInitializer = Initializer.Constant, BetaInitializerValue = -1,
    MovingMeanInitializer = Initializer.RandomUniform, MovingMeanInitializerValue = 2,
    MovingVarianceInitializer = Initializer.Constant, MovingVarianceInitializerValue = 4)]
[LayerNormalization(GammaInitializer = Initializer.Zeros, BetaInitializer = Initializer.Ones)]
[MeanSquaredError]
internal sealed partial class ToldNormalizations;

/// <summary>How weights start: Glorot uniform kernels, zero biases, a random stream for each weight.</summary>
public sealed class InitialWeightsTests
{
    private const ulong Seed = 0x0123_4567_89AB_CDEF;

    [Fact]
    public void Kernels_are_drawn_from_philox()
    {
        using var net = new Cifar10Net(batchSize: 1, seed: Seed);
        IReadOnlyList<ParameterPlan> plans = net.Plan.Parameters;
        for (int k = 0; k < plans.Count; k++)
        {
            Weight weight = net.Weights[k];
            if (weight.Shape.Count == 1)
                continue;
            // Convolutions: taps times channels. Dense layers: no taps.
            int taps = weight.Shape.SkipLast(2).Aggregate(1, (product, extent) => product * extent);
            float limit = (float)Math.Sqrt(6.0 / (taps * (weight.Shape[^2] + weight.Shape[^1])));
            Span<float> values = weight.Span;
            for (int i = 0; i < values.Length; i++)
            {
                float expected = limit * ((2 * Philox.Uniform(Seed, 0x4000 + (uint)k, step: 0, (ulong)i)) - 1);
                Assert.True(expected == values[i], $"{weight.Name}[{i}] is {values[i]:G9} instead of {expected:G9}");
            }
        }
    }

    [Fact]
    public void Kernels_fill_the_limits_of_glorot_evenly()
    {
        using var net = new Cifar10Net(batchSize: 1, seed: Seed);
        foreach ((Weight kernel, double fanIn, double fanOut) in ((Weight, double, double)[])
        [
            (net.Conv2D1.Kernel, 9 * 3, 9 * 32), (net.Conv2D2.Kernel, 9 * 32, 9 * 32),
            (net.Conv2D3.Kernel, 9 * 32, 9 * 64), (net.Conv2D4.Kernel, 9 * 64, 9 * 64),
            (net.Dense1.Kernel, 6 * 6 * 64, 512), (net.Dense2.Kernel, 512, 10),
        ])
        {
            double limit = Math.Sqrt(6 / (fanIn + fanOut));
            double[] parts = [.. kernel.Span.ToArray().Select(value => value / limit)];
            Assert.All(parts, part => Assert.InRange(part, -1, 1));
            // Five standard deviations of the mean and of the mean square of a fair draw: their variances are 1/3 and 4/45 over the count.
            Assert.Equal(0, parts.Average(), 5 * Math.Sqrt(1 / 3.0 / parts.Length));
            Assert.Equal(1 / 3.0, parts.Average(part => part * part), 5 * Math.Sqrt(4 / 45.0 / parts.Length));
            // Of so many, the nearest to each limit is close to it.
            Assert.True(parts.Max() > 1 - (20.0 / parts.Length) && parts.Min() < -1 + (20.0 / parts.Length));
        }
    }

    /// <summary>The deviation that each initializer is to have, in a kernel of 60 inputs and 400 units, and its bound.</summary>
    [Theory]
    [InlineData(Initializer.GlorotUniform, null, 0.06593804733957871, 0.11420804813403188)]
    [InlineData(Initializer.GlorotNormal, null, 0.06593804733957871, 0.14993)]
    [InlineData(Initializer.HeUniform, null, 0.18257418583505536, 0.31622776601683794)]
    [InlineData(Initializer.HeNormal, null, 0.18257418583505536, 0.41512)]
    [InlineData(Initializer.LecunUniform, null, 0.12909944487358055, 0.22360679774997896)]
    [InlineData(Initializer.LecunNormal, null, 0.12909944487358055, 0.29354)]
    [InlineData(Initializer.RandomUniform, null, 0.028867513459481287, 0.05)]
    [InlineData(Initializer.RandomUniform, 3.0, 1.7320508075688772, 3.0)]
    [InlineData(Initializer.RandomNormal, null, 0.05, 0.3)]
    [InlineData(Initializer.RandomNormal, 2.0, 2.0, 12.0)]
    [InlineData(Initializer.TruncatedNormal, null, 0.04398128305, 0.1)]
    [InlineData(Initializer.TruncatedNormal, 2.0, 1.75925132204, 4.0)]
    [InlineData(Initializer.FanInUniform, null, 0.12909944487358055, 0.22360679774997896)]
    [InlineData(Initializer.FanInNormal, null, 0.12909944487358055, 0.29354)]
    [InlineData(Initializer.FanInUntruncatedNormal, null, 0.12909944487358055, 0.7746)]
    [InlineData(Initializer.FanOutUniform, 2.0, 0.07071067811865475, 0.1224744871391589)]
    [InlineData(Initializer.FanOutNormal, null, 0.05, 0.113692)]
    [InlineData(Initializer.FanOutUntruncatedNormal, 4.0, 0.1, 0.6)]
    [InlineData(Initializer.FanAvgUniform, null, 0.06593804733957871, 0.11420804813403188)]
    [InlineData(Initializer.FanAvgNormal, 2.0, 0.09325048082403138, 0.21203)]
    [InlineData(Initializer.FanAvgUntruncatedNormal, null, 0.06593804733957871, 0.4)]
    public void Each_initializer_draws_what_keras_does(Initializer initializer, double? value, double deviation, double bound)
    {
        float[] weights = Fill(initializer, value, [60, 400]);
        double[] numbers = [.. weights.Select(weight => (double)weight)];
        double variance = numbers.Average(number => number * number);
        // Five standard deviations of a fair draw; the kurtosis of none of them is above 3.
        Assert.Equal(0, numbers.Average(), 5 * deviation / Math.Sqrt(numbers.Length));
        Assert.Equal(deviation * deviation, variance, 5 * deviation * deviation * Math.Sqrt(2.0 / numbers.Length));
        Assert.All(numbers, number => Assert.InRange(number, -bound, bound));
        Assert.True(numbers.Max() > 0.5 * bound);
        Assert.Equal(weights, Fill(initializer, value, [60, 400]));
    }

    [Theory]
    [InlineData(20, 20)]
    [InlineData(7, 30)]
    [InlineData(30, 7)]
    [InlineData(1, 5)]
    public void Orthogonal_rows_or_columns_stand_on_each_other(int rows, int columns)
    {
        float[] weights = Fill(Initializer.Orthogonal, 2, [rows, columns]);
        float At(int vector, int i) => rows < columns ? weights[(vector * columns) + i] : weights[(i * columns) + vector];
        (int count, int length) = rows < columns ? (rows, columns) : (columns, rows);
        for (int a = 0; a < count; a++)
        {
            for (int b = 0; b <= a; b++)
                Assert.Equal(a == b ? 4 : 0, Enumerable.Range(0, length).Sum(i => (double)At(a, i) * At(b, i)), 1e-6);
        }

        Assert.NotEqual(weights[0], Fill(Initializer.Orthogonal, 2, [rows, columns], stream: 1)[0]);
    }

    [Fact]
    public void Constants_and_identities_draw_nothing()
    {
        Assert.All(Fill(Initializer.Constant, null, [5]), weight => Assert.Equal(0, weight));
        Assert.All(Fill(Initializer.Constant, 0.1, [5]), weight => Assert.Equal(0.1f, weight));
        Assert.All(Fill(Initializer.Ones, null, [5]), weight => Assert.Equal(1, weight));
        Assert.Equal([1, 0, 0, 0, 1, 0], Fill(Initializer.Identity, null, [2, 3]));
        Assert.Equal([3, 0, 0, 3, 0, 0], Fill(Initializer.Identity, 3, [3, 2]));
    }

    [Fact]
    public void Weights_of_normalizations_start_as_they_are_told()
    {
        using var net = new ToldNormalizations(batchSize: 2, seed: Seed);
        Assert.Equal([0.5f, 0.5f, 0.5f], net.BatchNormalization1.Gamma!.Value.Span.ToArray());
        Assert.Equal([-1f, -1f, -1f], net.BatchNormalization1.Beta!.Value.Span.ToArray());
        Assert.All(net.BatchNormalization1.MovingMean.Span.ToArray(), mean => Assert.InRange(mean, -2, 2));
        Assert.Equal(3, net.BatchNormalization1.MovingMean.Span.ToArray().Distinct().Count());
        Assert.Equal([4f, 4f, 4f], net.BatchNormalization1.MovingVariance.Span.ToArray());
        Assert.Equal([0f, 0f, 0f], net.LayerNormalization1.Gamma!.Value.Span.ToArray());
        Assert.Equal([1f, 1f, 1f], net.LayerNormalization1.Beta!.Value.Span.ToArray());
    }

    private static float[] Fill(Initializer initializer, double? value, int[] shape, uint stream = 0)
    {
        float[] weights = new float[shape.Aggregate((product, extent) => product * extent)];
        var plan = new ParameterPlan("kernel", 0, shape, initializer, shape[0], shape[^1], stream) { InitializerValue = value };
        Initializers.Fill(weights, plan, Seed);
        return weights;
    }

    [Fact]
    public void Biases_and_gradients_start_at_zero()
    {
        using var net = new Cifar10Net(batchSize: 1, seed: Seed);
        Weight[] biases = [.. net.Weights.Where(weight => weight.Name.EndsWith("/bias", StringComparison.Ordinal))];
        Assert.Equal(6, biases.Length);
        foreach (Weight bias in biases)
            Assert.Equal(-1, bias.Span.IndexOfAnyExcept(0f));
        foreach (Weight weight in net.Weights)
            Assert.Equal(-1, weight.Gradient.IndexOfAnyExcept(0f));
    }

    [Fact]
    public void Each_weight_has_a_stream_of_its_own()
    {
        using var net = new TwinLayersNet(batchSize: 1, seed: Seed);
        Assert.Equal(net.Plan.Parameters.Count, net.Plan.Parameters.Select(weight => weight.Stream).Distinct().Count());
        float[] first = net.Dense1.Kernel.Span.ToArray(), second = net.Dense2.Kernel.Span.ToArray();
        Assert.Equal(first.Length, second.Length);
        Assert.Equal(0, first.Zip(second).Count(pair => pair.First == pair.Second));
    }

    [Fact]
    public void A_seed_of_64_bits_counts_with_both_halves()
    {
        float[][] kernels = [.. ((ulong[])[1, 2, 1UL << 32, 1 | (1UL << 32)]).Select(seed =>
        {
            using var net = new TwinLayersNet(batchSize: 1, seed: seed);
            return net.Dense1.Kernel.Span.ToArray();
        })];
        Assert.Equal(kernels.Length, kernels.Select(kernel => kernel[0]).Distinct().Count());
    }
}

/// <summary>Two layers that differ in nothing but their place.</summary>
[Model]
[Input(12)]
[Dense(12, UseBias = false), Dense(12, UseBias = false), MeanSquaredError]
public sealed partial class TwinLayersNet;

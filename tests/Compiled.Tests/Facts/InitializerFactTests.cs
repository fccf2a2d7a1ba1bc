using System.Reflection;

namespace Compiled.Tests;

/// <summary>Known moments and limits of the initial kernels of models, from the tests of Keras.</summary>
public sealed class InitializerFactTests
{
    /// <summary>A kernel of 200×100, and one of 25×25×20×20.</summary>
    private static readonly (string Layer, int[] Input, int[] Kernel)[] Shapes =
        [("Dense(100, ", [200], [200, 100]), ("Conv2D(20, 25, ", [25, 25, 20], [25, 25, 20, 20])];

    private static readonly (string Initializer, double? Value, Func<double, double, Moments> Expected)[] Cases =
    [
        ("RandomUniform", 1, (_, _) => new(0, Math.Sqrt(1 / 3.0), 1, -1)),
        ("RandomNormal", 1, (_, _) => new(0, 1)),
        ("TruncatedNormal", 1, (_, _) => new(0, null, 2, -2)),
        ("Constant", 2, (_, _) => new(2, 0, 2, 2)),
        ("LecunUniform", null, (inputs, _) => new(0, Math.Sqrt(1 / inputs))),
        ("GlorotUniform", null, (inputs, outputs) => new(0, Math.Sqrt(2 / (inputs + outputs)))),
        ("HeUniform", null, (inputs, _) => new(0, Math.Sqrt(2 / inputs))),
        ("LecunNormal", null, (inputs, _) => new(0, Math.Sqrt(1 / inputs))),
        ("GlorotNormal", null, (inputs, outputs) => new(0, Math.Sqrt(2 / (inputs + outputs)))),
        ("HeNormal", null, (inputs, _) => new(0, Math.Sqrt(2 / inputs))),
        ("FanOutUniform", 2, (_, outputs) => new(0, Math.Sqrt(2 / outputs))),
        ("FanAvgUntruncatedNormal", null, (inputs, outputs) => new(0, Math.Sqrt(2 / (inputs + outputs)))),
        ("Orthogonal", null, (_, _) => new(0)),
        ("Zeros", null, (_, _) => new(0, 0, 0, 0)),
        ("Ones", null, (_, _) => new(1, 0, 1, 1)),
    ];

    [Fact]
    public void Kernels_start_with_known_moments()
    {
        IEnumerable<string> models = Cases.SelectMany(entry => Shapes.Select((_, i) => Declare(entry, i)));
        Assembly assembly = ModelCompiler.Compile("using Compiled;\n" + string.Join('\n', models));
        using Device device = Device.Cpu();
        foreach ((string initializer, double? value, Func<double, double, Moments> expected) in Cases)
        {
            for (int i = 0; i < Shapes.Length; i++)
            {
                using Model model = ModelCompiler.Create(assembly.GetType($"{initializer}{i}", throwOnError: true)!, device, batchSize: 1, seed: 1);
                Weight kernel = model.Weights[0];
                Assert.Equal(Shapes[i].Kernel, kernel.Shape);
                int taps = Shapes[i].Kernel.SkipLast(2).Aggregate(1, (product, extent) => product * extent);
                Check($"{initializer} {kernel}", expected(taps * kernel.Shape[^2], taps * kernel.Shape[^1]), kernel.Span);
            }
        }
    }

    private static string Declare((string Initializer, double? Value, Func<double, double, Moments> Expected) entry, int i)
    {
        string value = entry.Value is { } number ? $", KernelInitializerValue = {number}" : "";
        return $"""
            [Model, Input({string.Join(", ", Shapes[i].Input)})]
            [{Shapes[i].Layer}KernelInitializer = Initializer.{entry.Initializer}{value}), MeanSquaredError]
            public sealed partial class {entry.Initializer}{i};
            """;
    }

    private static void Check(string who, Moments expected, ReadOnlySpan<float> values)
    {
        double[] numbers = Compare.Widen(values);
        double mean = numbers.Average(), deviation = Math.Sqrt(numbers.Average(number => (number - mean) * (number - mean)));
        Near(nameof(Moments.Mean), expected.Mean, mean);
        Near(nameof(Moments.Deviation), expected.Deviation, deviation);
        Near(nameof(Moments.Greatest), expected.Greatest, numbers.Max());
        Near(nameof(Moments.Least), expected.Least, numbers.Min());

        void Near(string what, double? known, double actual) =>
            Assert.True(known is not { } number || Math.Abs(actual - number) < 0.03, $"{who}: {what} is {actual} instead of {known}");
    }

    /// <summary>What is known of values; null where nothing is.</summary>
    private sealed record Moments(double Mean, double? Deviation = null, double? Greatest = null, double? Least = null);
}

using System.Globalization;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>What property tests draw.</summary>
internal static class Draw
{
    private static readonly int Factor =
        int.TryParse(Environment.GetEnvironmentVariable("COMPILED_SAMPLES"), CultureInfo.InvariantCulture, out int factor) ? factor : 1;

    /// <summary>Small integers: sums of their products are exact in float, so kernels must agree with the reference to the last bit.</summary>
    public static Tensor Integers(int seed, params IReadOnlyList<int> shape) => Fill(seed, shape, word => (int)(word % 7) - 3);

    /// <summary>A kernel whose sums of products stay near 1, so that an absolute tolerance means the same for every shape.</summary>
    /// <param name="seed">Chooses the values.</param>
    /// <param name="terms">The products in a sum.</param>
    /// <param name="shape">The shape of the kernel.</param>
    public static Tensor Kernel(int seed, int terms, params IReadOnlyList<int> shape)
    {
        Tensor kernel = Reals(seed, shape).Map(value => value / Math.Sqrt(terms));
        return Tensor.Of(shape, kernel.ToFloats());
    }

    /// <summary>Numbers in (-1, 1), none of them 0.</summary>
    public static Tensor Reals(int seed, params IReadOnlyList<int> shape) => Fill(seed, shape, word => (float)(((word >> 8) + 0.5) / (1 << 23)) - 1f);

    /// <summary>
    /// Runs a property on drawn values, the same ones in every run: each sample has a seed of its own, which a failure names. With
    /// CsCheck_Seed in the environment, CsCheck begins there, draws others after it, and shrinks what fails. COMPILED_SAMPLES says how many
    /// times as many to draw.
    /// </summary>
    public static void Sample<T>(this Gen<T> generator, Action<T> property, int iterations)
    {
        if (Environment.GetEnvironmentVariable("CsCheck_Seed") is { Length: > 0 })
        {
            Check.Sample(generator, property, iter: iterations, threads: 1);
            return;
        }

        for (int i = 0; i < iterations * Factor; i++)
            Check.Sample(generator, property, seed: new PCG(1, (ulong)i).ToString(), iter: 1, threads: 1);
    }

    /// <summary>A window, and an input extent that it fits into.</summary>
    public static readonly Gen<Window2D> Windows =
        from height in Gen.Int[1, 4]
        from width in Gen.Int[1, 4]
        from strideHeight in Gen.Int[1, 3]
        from strideWidth in Gen.Int[1, 3]
        from same in Gen.Bool
        select new Window2D(height, width, strideHeight, strideWidth, same);

    /// <summary>Those of convolutions, which have no dilation where they have a stride.</summary>
    public static readonly Gen<Window2D> DilatedWindows =
        from window in Windows
        from height in Gen.Int[1, 2]
        from width in Gen.Int[1, 2]
        select window.StrideHeight * window.StrideWidth == 1 ? window with { DilationHeight = height, DilationWidth = width } : window;

    /// <summary>Activations that can end a stage: their derivative follows from the output.</summary>
    public static readonly Gen<string> Endings = Gen.Frequency(
        (3, Gen.Const("linear")), (3, Gen.Const("relu")),
        (6, Gen.OneOf(
            "sigmoid", "tanh", "selu", "softplus", "softsign", "hard_sigmoid", "exponential", "relu6", "hard_tanh", "log_sigmoid")),
        (4, Gen.OneOf("elu", "celu", "leaky_relu", "squareplus")));

    private static Tensor Fill(int seed, IReadOnlyList<int> shape, Func<uint, double> value) =>
        new(shape, [.. Enumerable.Range(0, Tensor.Size(shape)).Select(i => value(Philox.Word((ulong)seed, 0xF000, 0, (ulong)i)))]);
}

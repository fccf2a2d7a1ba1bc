using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>What property tests draw. The seeds are fixed, so a run repeats itself; CsCheck_Seed asks for others.</summary>
internal static class Draw
{
    /// <summary>Small integers: sums of their products are exact in float, so kernels must agree with the reference to the last bit.</summary>
    public static Tensor Integers(int seed, params IReadOnlyList<int> shape) => Fill(seed, shape, word => (int)(word % 7) - 3);

    /// <summary>Numbers in (-1, 1), none of them 0.</summary>
    public static Tensor Reals(int seed, params IReadOnlyList<int> shape) => Fill(seed, shape, word => (float)(((word >> 8) + 0.5) / (1 << 23)) - 1f);

    /// <summary>Runs a property on drawn values; a failure prints the smallest one found.</summary>
    public static void Sample<T>(this Gen<T> generator, Action<T> property, int iterations) =>
        Check.Sample(generator, property, iter: iterations, seed: Environment.GetEnvironmentVariable("CsCheck_Seed") ?? "0000000000000", threads: 1);

    /// <summary>A window, and an input extent that it fits into.</summary>
    public static readonly Gen<Window2D> Windows =
        from height in Gen.Int[1, 4]
        from width in Gen.Int[1, 4]
        from strideHeight in Gen.Int[1, 3]
        from strideWidth in Gen.Int[1, 3]
        from same in Gen.Bool
        select new Window2D(height, width, strideHeight, strideWidth, same);

    private static Tensor Fill(int seed, IReadOnlyList<int> shape, Func<uint, double> value) =>
        new(shape, [.. Enumerable.Range(0, Tensor.Size(shape)).Select(i => value(Philox.Word((ulong)seed, 0xF000, 0, (ulong)i)))]);
}

using System.Runtime.CompilerServices;

namespace Compiled.PeerBenchmarks;

/// <summary>One side of the comparison: a network on a fixed batch, ready to make training steps.</summary>
internal abstract class Contestant : IDisposable
{
    public const string Torch = "torch";
    public const string Fused = "fused";
    public const string Unfused = "unfused";

    public static IReadOnlyList<string> All { get; } = [Torch, Fused, Unfused];

    /// <summary>Makes one training step (forward, loss, backward, Adam) and returns its loss.</summary>
    public abstract double Step();

    public abstract void Dispose();

    public static Contestant Create(string name, Options options)
    {
        PeerNetwork network = PeerNetwork.Named(options.Network);
        var batch = Batch.Draw(options.BatchSize);
        return name switch
        {
            Torch => CreateTorch(network, batch, options.Threads),
            Fused => new CompiledContestant(network.Fused, batch, options.Threads),
            Unfused => new CompiledContestant(network.Unfused, batch, options.Threads),
            _ => throw new ArgumentException($"There is no side '{name}'.", nameof(name)),
        };
    }

    // Apart, so that only this side's process loads its library.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TorchContestant CreateTorch(PeerNetwork network, Batch batch, int threads) => new(network, batch, threads);
}

/// <summary>The images that every side trains on, again and again.</summary>
/// <param name="Images">NHWC, in [0, 1).</param>
/// <param name="ClassIds">One number from 0 to 9 per image.</param>
internal sealed record Batch(float[] Images, int[] ClassIds)
{
    public static Batch Draw(int size)
    {
        var batch = new Batch(new float[size * 32 * 32 * 3], new int[size]);
        uint state = 1;
        for (int i = 0; i < batch.Images.Length; i++)
        {
            state = state * 1664525 + 1013904223;
            batch.Images[i] = (state >> 8) / (float)(1 << 24);
        }

        for (int i = 0; i < size; i++)
            batch.ClassIds[i] = i % 10;
        return batch;
    }
}

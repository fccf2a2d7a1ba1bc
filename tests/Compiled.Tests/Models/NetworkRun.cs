using CsCheck;
using Xunit.Sdk;

namespace Compiled.Tests;

/// <summary>Runs drawn trials, each on one of the targets in turn, and shows what fails as small as it can be.</summary>
internal static class NetworkRun
{
    /// <summary>The streams from which that many batches of networks are drawn; a quarter of them under the sanitizers.</summary>
    public static TheoryData<uint> Streams(int batches) =>
        new(Enumerable.Range(0, Simulator.IsSanitized ? batches / 4 : batches).Select(batch => (uint)batch));

    public static List<T> Draw<T>(Gen<T> generator, uint stream, int count)
    {
        var random = new PCG(stream, 0);
        return [.. Enumerable.Range(0, count).Select(i => generator.Generate(random, null, out _))];
    }

    /// <summary>Compiles the trials as one assembly and runs them.</summary>
    public static void All(IReadOnlyList<NetworkTrial> trials)
    {
        (Type, Type)[] types = NetworkTrial.Compile(trials);
        for (int i = 0; i < trials.Count; i++)
        {
            IReadOnlyList<Target> targets = Target.Scheduled;
            Target target = targets[i % targets.Count];
            int threads = 1 + (i / targets.Count % 2);
            if (Run(trials[i], types[i], target, threads) is { } fault)
                Fail(trials[i], fault, target, threads);
        }
    }

    /// <summary>How a trial fails; null where it does not.</summary>
    public static Exception? Run(NetworkTrial trial, (Type Fused, Type Unfused) types, Target target, int threads)
    {
        using var device = target.MakeDevice(threads);
        Exception? fault = Record.Exception(() => trial.Run(types, device, target));
        return fault ?? Record.Exception(() => Assert.Equal(0, device.BufferBytes));
    }

    private static void Fail(NetworkTrial trial, Exception fault, Target target, int threads)
    {
        (NetworkTrial smallest, Exception last) = ShrinkTrial.Smallest(
            trial, fault,
            candidate => candidate.IsSafe ? Run(candidate, NetworkTrial.Compile([candidate])[0], target, threads) : null);
        throw new XunitException(
            $"{target}, {threads} threads, {smallest}\n{last.Message}\n\nThis is the smallest one found of {trial}\n{fault.Message}", last);
    }
}

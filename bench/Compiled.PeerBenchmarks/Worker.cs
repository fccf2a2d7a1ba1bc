using System.Diagnostics;
using System.Globalization;

namespace Compiled.PeerBenchmarks;

/// <summary>
/// The child side. A child holds one contestant and does as it is told, a line at a time, so that only one side computes at any moment
/// while all of them stay warm.
/// </summary>
internal static class Worker
{
    /// <summary>Makes the first step of a process, says so and ends.</summary>
    public static void FirstStep(string name, Options options)
    {
        using var contestant = Contestant.Create(name, options);
        double loss = contestant.Step();
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{loss:R}"));
        Console.Out.Flush();
    }

    /// <summary>Compares the two libraries' predictions.</summary>
    public static void Parity(Options options) =>
        Console.WriteLine(TorchContestant.LargestDifference(PeerNetwork.Named(options.Network), Batch.Draw(8), options.Threads)
            .ToString("R", CultureInfo.InvariantCulture));

    /// <summary>Answers "block MILLISECONDS" with the steps made in that time, and "end" with memory figures.</summary>
    public static void Serve(string name, Options options)
    {
        using var contestant = Contestant.Create(name, options);
        for (int i = 0; i < 10; i++)
            contestant.Step();
        Console.Out.WriteLine("ready");
        while (Console.In.ReadLine() is { } line && line.Split(' ') is ["block", var milliseconds])
            Console.Out.WriteLine(Block(contestant, TimeSpan.FromMilliseconds(int.Parse(milliseconds, CultureInfo.InvariantCulture))));
        long bytes = ManagedBytesPerStep(contestant);
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{bytes} {PeakResidentBytes()}"));
    }

    /// <summary>Pairs of nanoseconds: how long a step took, and how long its threads waited for a processor meanwhile.</summary>
    private static string Block(Contestant contestant, TimeSpan duration)
    {
        var samples = new List<string>();
        long end = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
        contestant.Step(); // The others have just had the caches.
        while (Stopwatch.GetTimestamp() < end)
        {
            long waited = RunQueue.WaitedNanoseconds();
            long start = Stopwatch.GetTimestamp();
            contestant.Step();
            double nanoseconds = Stopwatch.GetElapsedTime(start).TotalNanoseconds;
            waited = RunQueue.WaitedNanoseconds() - waited;
            samples.Add(string.Create(CultureInfo.InvariantCulture, $"{nanoseconds:F0} {waited}"));
        }

        return string.Join(' ', samples);
    }

    private static long ManagedBytesPerStep(Contestant contestant)
    {
        const int Steps = 50;
        contestant.Step();
        long before = GC.GetTotalAllocatedBytes(precise: true);
        for (int i = 0; i < Steps; i++)
            contestant.Step();
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / Steps;
    }

    private static long PeakResidentBytes()
    {
        if (!OperatingSystem.IsLinux())
            return Process.GetCurrentProcess().PeakWorkingSet64;
        string line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}

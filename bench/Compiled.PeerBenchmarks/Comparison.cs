using System.Diagnostics;
using System.Globalization;

namespace Compiled.PeerBenchmarks;

/// <summary>The whole measurement: parity, starts, then interleaved blocks of steps.</summary>
internal sealed class Comparison(Options options, string? preload)
{
    private const int Starts = 5;

    // On a busy machine the measurement goes on until each side has had its processors for so many steps, within reason.
    private const int WantedCleanSteps = 50;
    private const int MostTimesLonger = 4;

    private static readonly TimeSpan BlockLength = TimeSpan.FromSeconds(1);

    /// <summary>How far the two libraries' predictions differ for the same weights: the proof that the networks are the same.</summary>
    public double MeasureParity()
    {
        using var child = WorkerProcess.Start(Program.ParityMode, Contestant.Torch, options, preload);
        return double.Parse(child.ReadLine(), CultureInfo.InvariantCulture);
    }

    public IReadOnlyList<Result> Measure()
    {
        Dictionary<string, double> starts = MeasureStarts();
        Dictionary<string, List<Sample>> samples = Contestant.All.ToDictionary(name => name, _ => new List<Sample>());
        WorkerProcess[] children = [.. Contestant.All.Select(name => WorkerProcess.Start(Program.ServeMode, name, options, preload))];
        try
        {
            foreach (WorkerProcess child in children)
                child.ReadLine();
            int rounds = Math.Max(1, (int)(options.Seconds / BlockLength.TotalSeconds));
            for (int round = 0; round < rounds || (round < MostTimesLonger * rounds && samples.Values.Any(IsShort)); round++)
            {
                // Each side follows each other one as often.
                for (int turn = 0; turn < children.Length; turn++)
                {
                    int side = (round + turn) % children.Length;
                    samples[Contestant.All[side]].AddRange(children[side].Block(BlockLength));
                }
            }

            return [.. Contestant.All.Zip(children).Select(pair =>
            {
                (long managed, long resident) = pair.Second.End();
                return new Result(pair.First, samples[pair.First], starts[pair.First], managed, resident, Footprint.Of(pair.First));
            })];
        }
        finally
        {
            foreach (WorkerProcess child in children)
                child.Dispose();
        }
    }

    private static bool IsShort(List<Sample> samples) => samples.Count(sample => sample.IsClean) < WantedCleanSteps;

    /// <summary>Milliseconds from the start of a process to the end of its first step: the median of several, taken in turn.</summary>
    private Dictionary<string, double> MeasureStarts()
    {
        var times = Contestant.All.ToDictionary(name => name, _ => new List<double>());
        for (int round = -1; round < Starts; round++)
        {
            foreach (string name in Contestant.All)
            {
                long start = Stopwatch.GetTimestamp();
                using var child = WorkerProcess.Start(Program.FirstStepMode, name, options, preload);
                child.ReadLine();
                // The first round fills the file cache.
                if (round >= 0)
                    times[name].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }

        return times.ToDictionary(pair => pair.Key, pair => Statistics.Median(pair.Value));
    }
}

/// <summary>What one side gave.</summary>
/// <param name="Name">The side.</param>
/// <param name="Samples">All steps.</param>
/// <param name="StartMilliseconds">From the start of its process to the end of its first step.</param>
/// <param name="ManagedBytesPerStep">What the garbage collector has to clear away later.</param>
/// <param name="PeakResidentBytes">Of its process.</param>
/// <param name="DiskBytes">The files it needs beside the .NET runtime.</param>
internal sealed record Result(
    string Name, IReadOnlyList<Sample> Samples, double StartMilliseconds, long ManagedBytesPerStep, long PeakResidentBytes, long DiskBytes)
{
    /// <summary>The steps that count: those that had their processors; all, where there are none.</summary>
    public IReadOnlyList<double> Times { get; } = Choose(Samples);

    public int CleanCount => Samples.Count(sample => sample.IsClean);

    public double Median => Statistics.Median(Times);

    public double Minimum => Times.Min();

    private static double[] Choose(IReadOnlyList<Sample> samples)
    {
        double[] clean = [.. samples.Where(sample => sample.IsClean).Select(sample => sample.Milliseconds)];
        return clean.Length > 0 ? clean : [.. samples.Select(sample => sample.Milliseconds)];
    }
}

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>Which files of the build output a side needs.</summary>
internal static class Footprint
{
    private static readonly string[] Ours = ["Compiled.dll", "libcompiled.so", "libcompiled.dylib", "compiled.dll"];

    // What is neither: this program.
    private static readonly string[] Neither = ["Compiled.PeerBenchmarks", "libiostreamsinit"];

    public static long Of(string contestant) =>
        new DirectoryInfo(AppContext.BaseDirectory).EnumerateFiles()
            .Where(file => file.Extension is not (".pdb" or ".xml" or ".json") && !Neither.Any(prefix => file.Name.StartsWith(prefix, StringComparison.Ordinal)))
            .Where(file => Ours.Contains(file.Name) == (contestant != Contestant.Torch))
            .Sum(file => file.Length);
}

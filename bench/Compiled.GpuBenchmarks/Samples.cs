using System.Diagnostics;

namespace Compiled.GpuBenchmarks;

/// <summary>Measured times of a step, in microseconds: each the mean over a block of steps that ends when the device is done with them.</summary>
internal sealed class Samples
{
    private const int LeastBlocks = 9;
    private const double BlockSeconds = 0.02;

    private readonly List<double> _microseconds = [];

    public double Median => Quantile(0.5);

    public double Slow => Quantile(0.95);

    /// <summary>Measures for a time, in blocks of steps long enough for the clock and for the way to the device and back.</summary>
    /// <param name="run">Makes so many steps and waits for them.</param>
    /// <param name="seconds">For how long.</param>
    public static Samples Take(Action<int> run, double seconds)
    {
        run(3); // The recording of a graph, whatever is compiled late, and the caches.
        int steps = 1;
        double duration = Time(run, steps);
        while (duration < BlockSeconds)
        {
            steps *= 2;
            duration = Time(run, steps);
        }

        var samples = new Samples();
        long begin = Stopwatch.GetTimestamp();
        while (samples._microseconds.Count < LeastBlocks || Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds)
            samples._microseconds.Add(Time(run, steps) / steps * 1e6);
        samples._microseconds.Sort();
        return samples;
    }

    private static double Time(Action<int> run, int steps)
    {
        long begin = Stopwatch.GetTimestamp();
        run(steps);
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }

    private double Quantile(double part) => _microseconds[(int)(part * (_microseconds.Count - 1))];
}

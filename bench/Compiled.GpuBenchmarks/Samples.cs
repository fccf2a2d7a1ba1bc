namespace Compiled.GpuBenchmarks;

/// <summary>Times of a training step, in microseconds: each the mean over an epoch of a few steps, which ends when the device is done.</summary>
internal sealed class Samples
{
    private const int LeastCount = 9;
    private const int Trial = 8;
    private const double EpochSeconds = 0.02;

    private readonly List<double> _microseconds = [];

    public double Median => Quantile(0.5);

    public double Slow => Quantile(0.95);

    /// <summary>Trains for a time, in epochs long enough for the clock and for the way to the device and back.</summary>
    public static Samples Take(Model net, Dataset data, Optimizer optimizer, double seconds)
    {
        // The first epochs have whatever comes once: the recording of a graph, late compilation, cold caches.
        double step = Fit(Trial, seconds: 0)._microseconds[^1] / 1e6;
        return Fit(int.Max(Trial, (int)(EpochSeconds / step)), seconds);

        Samples Fit(int steps, double seconds)
        {
            var clock = new Clock(steps, seconds);
            net.Fit(data, optimizer, epochs: int.MaxValue, stepsPerEpoch: steps, callbacks: [clock]);
            clock.Samples._microseconds.Sort();
            return clock.Samples;
        }
    }

    private double Quantile(double part) => _microseconds[(int)(part * (_microseconds.Count - 1))];

    /// <summary>Notes how long the epochs took, but for the first two, and ends the training in time.</summary>
    private sealed class Clock(int steps, double seconds) : Callback
    {
        private const int Unmeasured = 2;

        private double _total;

        public Samples Samples { get; } = new();

        public override void OnEpochEnd(Model model, EpochResult result)
        {
            if (result.Epoch <= Unmeasured)
                return;
            double time = result.TrainingTime.TotalSeconds;
            _total += time;
            Samples._microseconds.Add(time / steps * 1e6);
            StopTraining = Samples._microseconds.Count >= LeastCount && _total >= seconds;
        }
    }
}

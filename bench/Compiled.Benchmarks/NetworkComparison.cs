using System.Diagnostics;
using Compiled.Examples;

namespace Compiled.Benchmarks;

/// <summary>
/// Training steps of the example networks, fused and as one stage per layer: time, memory and native calls, as a table. The two take turns,
/// so that what else the machine does slows both; the times are medians.
/// </summary>
internal static class NetworkComparison
{
    public const string Verb = "networks";

    private const int Steps = 31;
    private const int BatchSize = 32;

    private static readonly (string Name, Func<Device, Model> Fused, Func<Device, Model> Unfused)[] All =
    [
        ("CIFAR-10", device => new Cifar10Net(device, BatchSize), device => new UnfusedCifar10Net(device, BatchSize)),
        ("CIFAR-10, normalized", device => new NormalizedNet(device, BatchSize), device => new UnfusedNormalizedNet(device, BatchSize)),
        ("ResNet-9", device => new ResNet9(device, BatchSize), device => new UnfusedResNet9(device, BatchSize)),
        ("ResNet-18", device => new ResNet18(device, BatchSize), device => new UnfusedResNet18(device, BatchSize)),
        ("U-Net", device => new UNet(device, BatchSize), device => new UnfusedUNet(device, BatchSize)),
    ];

    /// <summary>Compares the networks that are named by a part of their name, else all.</summary>
    public static void Run(string[] names)
    {
        if (names.FirstOrDefault(part => !All.Any(network => IsNamed(network.Name, part))) is { } unknown)
        {
            Console.Error.WriteLine($"No network has '{unknown}' in its name; there are {string.Join("; ", All.Select(network => network.Name))}.");
            Environment.ExitCode = 1;
            return;
        }

        Device device = Device.Default;
        Console.WriteLine($"{device.Name}, batch size {BatchSize}, medians of {Steps} training steps\n");
        Console.WriteLine("| network | ms fused | ms unfused | ratio | MiB fused | MiB unfused | calls fused | calls unfused | kernels fused | kernels unfused |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        foreach ((string name, Func<Device, Model> makeFused, Func<Device, Model> makeUnfused) in All)
        {
            if (names.Length > 0 && !names.Any(part => IsNamed(name, part)))
                continue;
            using Model fused = makeFused(device), unfused = makeUnfused(device);
            Compare(name, new Side(fused), new Side(unfused));
        }
    }

    private static bool IsNamed(string name, string part) => name.Contains(part, StringComparison.OrdinalIgnoreCase);

    private static void Compare(string name, Side fused, Side unfused)
    {
        double[] ratios = new double[Steps];
        for (int step = 0; step < Steps; step++)
        {
            double first = fused.Step();
            ratios[step] = unfused.Step() / first;
        }

        string Pair(Func<Side, string> text) => $"{text(fused)} | {text(unfused)}";
        Console.WriteLine(
            $"| {name} | {Pair(side => $"{Median(side.Times):F1}")} | {Median(ratios):F2} | {Pair(side => $"{side.Mebibytes:F1}")} | " +
            $"{Pair(side => $"{side.Model.Plan.NativeCallsPerStep}")} | {Pair(side => side.Model.KernelsPerStep > 0 ? $"{side.Model.KernelsPerStep}" : "")} |");
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }

    /// <summary>A network with a batch to train on; the first steps, which warm it up, do not count.</summary>
    private sealed class Side
    {
        private readonly Adam _optimizer = new();
        private readonly float[] _inputs;
        private readonly float[] _targets;
        private readonly List<double> _times = [];

        public Side(Model model)
        {
            Model = model;
            var random = new Random(1);
            _inputs = [.. Enumerable.Range(0, BatchSize * Size(model.Plan.InputShape)).Select(_ => random.NextSingle())];
            _targets = new float[BatchSize * Size(model.Plan.TargetShape)];
            int classes = model.Plan.TargetShape[^1];
            for (int i = 0; i < _targets.Length; i += classes)
                _targets[i + random.Next(classes)] = 1;
            for (int i = 0; i < 3; i++)
                model.TrainOnBatch(_inputs, _targets, _optimizer);
        }

        public Model Model { get; }

        public IEnumerable<double> Times => _times;

        public double Mebibytes => Model.ArenaBytes / (double)(1 << 20);

        public double Step()
        {
            long begin = Stopwatch.GetTimestamp();
            Model.TrainOnBatch(_inputs, _targets, _optimizer);
            _times.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            return _times[^1];
        }

        private static int Size(IReadOnlyList<int> shape) => shape.Aggregate(1, (product, extent) => product * extent);
    }
}

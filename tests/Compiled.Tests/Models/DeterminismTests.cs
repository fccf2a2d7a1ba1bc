using Compiled.Examples;
using CsCheck;

namespace Compiled.Tests;

/// <summary>The seed decides every bit; the number of threads decides none.</summary>
public sealed class DeterminismTests
{
    public static TheoryData<string> Targets => new(Target.All.Select(target => target.ToString()));

    [Theory]
    [MemberData(nameof(Targets))]
    [NotSanitized(NotSanitizedAttribute.Large)]
    public void Twenty_steps_of_the_cifar_network_are_the_same_on_any_number_of_threads(string name)
    {
        float[] Train(int threads, ulong seed)
        {
            using var device = Target.Named(name).MakeDevice(threads);
            using var net = new Cifar10Net(device, batchSize: 3, seed);
            var adam = new Adam(1e-3);
            for (int step = 0; step < 20; step++)
                net.TrainOnBatch(Draw.Reals(step, 3, 32, 32, 3).ToFloats(), (int[])[step % 10, (step + 3) % 10, 7], adam);
            return AllWeights(net);
        }

        float[] one = Train(threads: 1, seed: 5);
        Compare.Same("weights on two threads", one, Train(threads: 2, seed: 5));
        Compare.Same("weights on five threads", one, Train(threads: 5, seed: 5));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_fit_repeats_itself_and_another_seed_gives_another(string name)
    {
        (float[] Weights, double[] Metrics) Fit(int threads, ulong seed)
        {
            using var device = Target.Named(name).MakeDevice(threads);
            using var net = new SmallNet(device, batchSize: 8, seed);
            // 29 samples: the last batch of an epoch is smaller.
            History history = net.Fit(SmallNet.Samples(29), new Adam(0.01), epochs: 3, validation: SmallNet.Samples(11));
            return (AllWeights(net), [.. history["loss"], .. history["accuracy"], .. history["val_loss"], .. history["val_accuracy"]]);
        }

        (float[] weights, double[] metrics) = Fit(threads: 1, seed: 9);
        foreach (int threads in (int[])[1, 2, 5])
        {
            (float[] again, double[] metricsAgain) = Fit(threads, seed: 9);
            Compare.Same($"weights on {threads} threads", weights, again);
            Assert.Equal(metrics, metricsAgain);
        }

        (float[] other, double[] otherMetrics) = Fit(threads: 1, seed: 10);
        Assert.NotEqual(weights, other);
        Assert.NotEqual(metrics, otherMetrics);
    }

    [Fact]
    public void Drawn_networks_are_the_same_on_any_number_of_threads()
    {
        var random = new PCG(77, 0);
        List<NetworkTrial> trials = [];
        for (int i = 0; i < 20; i++)
            trials.Add(NetworkTrial.Chains.Generate(random, null, out _));
        (Type Fused, Type Unfused)[] types = NetworkTrial.Compile(trials);
        for (int i = 0; i < trials.Count; i++)
        {
            NetworkTrial trial = trials[i];
            Target target = Target.Scheduled[i % Target.Scheduled.Count];
            TrialData data = TrialData.Of(trial.Network, trial.Rows, seed: 0);
            Trajectory On(Type type, int threads)
            {
                using var device = target.MakeDevice(threads);
                return Trajectory.OfModel(type, device, trial.BatchSize, data);
            }

            foreach (Type type in (Type[])[types[i].Fused, types[i].Unfused])
            {
                Trajectory one = On(type, threads: 1);
                foreach (int threads in (int[])[1, 2, 5])
                    Assert.Null(Record.Exception(() => On(type, threads).RequireSame(one)));
            }
        }
    }

    [Fact]
    public void Initial_weights_do_not_depend_on_the_device()
    {
        float[] Initial(Device device, ulong seed)
        {
            using var net = new SmallNet(device, batchSize: 1, seed);
            return AllWeights(net);
        }

        float[] weights = Initial(Device.Default, seed: 1);
        foreach (Target target in Target.All)
        {
            using var device = target.MakeDevice(threads: 3);
            Compare.Same($"initial weights on {target}", weights, Initial(device, seed: 1));
        }

        Assert.NotEqual(weights, Initial(Device.Default, seed: 2));
    }

    /// <summary>
    /// A column of the kernel's gradient is zero where the dropout behind it has dropped its unit: the mask shows. It is the documented one
    /// on every instruction set, and another one at every step.
    /// </summary>
    [Fact]
    public void Dropout_masks_do_not_depend_on_the_device()
    {
        const ulong Seed = 0xFEDC_BA98_7654_3210;
        foreach (Target target in Target.All)
        {
            using var device = target.MakeDevice(threads: 2);
            using var net = new MaskNet(device, batchSize: 1, Seed);
            for (ulong step = 0; step < 4; step++)
            {
                net.TrainOnBatch([1f], (float[])[.. Enumerable.Repeat(100f, MaskNet.Units)], new SGD(1e-6));
                bool[] kept = [.. net.Dense1.Kernel.Gradient.ToArray().Select(value => value != 0)];
                for (int unit = 0; unit < MaskNet.Units; unit++)
                    Assert.Equal(Philox.Uniform(Seed, stream: 0, step, (ulong)unit) >= 0.5f, kept[unit]);
            }
        }
    }

    private static float[] AllWeights(Model model) => [.. model.Weights.SelectMany(weight => weight.Span.ToArray())];
}

/// <summary>A layer behind whose units a mask can be seen.</summary>
[Model]
[Input(1)]
[Dense(Units), Dropout(0.5), MeanSquaredError]
public sealed partial class MaskNet
{
    public const int Units = 67;
}

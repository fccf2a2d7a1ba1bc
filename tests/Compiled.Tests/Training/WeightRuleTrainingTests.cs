namespace Compiled.Tests;

/// <summary>Penalties, constraints and frozen layers around a model: what is reported, what changes, what is refused.</summary>
public sealed class WeightRuleTrainingTests
{
    private static readonly float[] Inputs = Samples.Inputs(8, 1, 5);
    private static readonly int[] ClassIds = Samples.ClassIds(8, 1, 3);

    public static TheoryData<string> Targets => new(Target.All.Select(target => target.ToString()));

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_loss_has_the_penalties_in_training_and_evaluation(string target)
    {
        using Device device = Target.Named(target).MakeDevice();
        using var plain = new PlainClasses(device, batchSize: 8);
        using var net = new PenalizedClasses(device, batchSize: 8);
        CopyWeights(plain, net);
        double penalty = PenaltyOf(net);
        Assert.InRange(penalty, 0.1, 100);
        Assert.Equal(plain.TestOnBatch(Inputs, ClassIds).Loss + penalty, net.TestOnBatch(Inputs, ClassIds).Loss, 1e-6);
        Assert.Equal(plain.ComputeGradients(Inputs, ClassIds).Loss + penalty, net.ComputeGradients(Inputs, ClassIds).Loss, 1e-6);
        Assert.Equal(plain.TestOnBatch(Inputs, ClassIds).Accuracy, net.TestOnBatch(Inputs, ClassIds).Accuracy);
        // Not by the batches of a data set, the last of which is smaller.
        ArrayDataset data = Samples.Classes(13);
        Assert.Equal(plain.Evaluate(data).Loss + penalty, net.Evaluate(data).Loss, 1e-6);
        for (int i = 0; i < net.Weights.Count; i++)
        {
            (float l1, float l2) = net.Weights[i].Name == "dense_1/kernel" ? (0.01f, 0.25f) : (0, 0.5f);
            float[] values = net.Weights[i].Span.ToArray(), before = plain.Weights[i].Gradient.ToArray();
            double[] expected = [.. values.Select((value, k) => before[k] + (l1 * Math.Sign(value)) + (2.0 * l2 * value))];
            Compare.Close(net.Weights[i].Name, expected, net.Weights[i].Gradient, 1e-6, 1e-6);
        }
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Constraints_hold_after_every_update_whoever_asks_for_it(string target)
    {
        using Device device = Target.Named(target).MakeDevice();
        using var net = new ConstrainedClasses(device, batchSize: 8);
        net.Dense1.Kernel.Span.Fill(3);
        net.Dense1.Bias.Span.Fill(-1);
        net.ComputeGradients(Inputs, ClassIds);
        Assert.Equal(3, net.Dense1.Kernel.Span[0]);
        net.ApplyGradients(new SGD(1e-3));
        RequireConstrained(net);
        var sgd = new SGD(5);
        for (int step = 0; step < 4; step++)
        {
            net.TrainOnBatch(Inputs, ClassIds, sgd);
            RequireConstrained(net);
        }

        net.Fit(Samples.Classes(13), sgd, epochs: 2);
        RequireConstrained(net);
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void A_layer_that_does_not_learn_stays_as_it_is(string target)
    {
        using Device device = Target.Named(target).MakeDevice();
        using var net = new FrozenClasses(device, batchSize: 8);
        float[] kernel = net.Stem.Kernel.Span.ToArray(), bias = net.Stem.Bias.Span.ToArray(), head = net.Head.Kernel.Span.ToArray();
        double loss = net.TestOnBatch(Inputs, ClassIds).Loss;
        var adam = new Adam(0.1) { WeightDecay = 0.1 };
        for (int step = 0; step < 4; step++)
            net.TrainOnBatch(Inputs, ClassIds, adam);
        Compare.Same("kernel", kernel, net.Stem.Kernel.Span.ToArray());
        Compare.Same("bias", bias, net.Stem.Bias.Span.ToArray());
        Assert.NotEqual(head, net.Head.Kernel.Span.ToArray());
        Assert.True(net.TestOnBatch(Inputs, ClassIds).Loss < loss);
        Assert.False(net.Stem.Kernel.Trainable);
        Assert.True(net.Head.Kernel.Trainable);
        Assert.Contains(
            "'stem/kernel' is not trained", Assert.Throws<InvalidOperationException>(() => net.Stem.Kernel.Gradient.Length).Message,
            StringComparison.Ordinal);
        Assert.Equal(net.Head.Kernel.Count + net.Head.Bias.Count, net.Plan.TrainableCount);
    }

    [Fact]
    public void What_no_layer_before_needs_is_not_computed()
    {
        using var net = new FrozenClasses(batchSize: 8);
        using var plain = new UnfrozenClasses(batchSize: 8);
        using var penalized = new PenalizedClasses(batchSize: 8);
        using var constrained = new ConstrainedClasses(batchSize: 8);
        using var bare = new PlainClasses(batchSize: 8);
        Assert.Equal(plain.Plan.NativeCallsPerStep - 1, net.Plan.NativeCallsPerStep); // no backward call
        Assert.Equal(bare.Plan.NativeCallsPerStep + 1, penalized.Plan.NativeCallsPerStep);
        Assert.Equal(bare.Plan.NativeCallsPerStep + 1, constrained.Plan.NativeCallsPerStep);
        Assert.True(net.Plan.ValueBytesPerSample <= plain.Plan.ValueBytesPerSample);
    }

    [Fact]
    public void Weights_of_a_layer_that_does_not_learn_go_to_files_and_back()
    {
        using var folder = new TemporaryFolder();
        string path = folder["weights.safetensors"];
        using var net = new UnfrozenClasses(batchSize: 8, seed: 1);
        net.SaveWeights(path);
        using var frozen = new FrozenClasses(batchSize: 8, seed: 2);
        frozen.LoadWeights(path);
        Compare.Same("weights", Samples.Weights(net), Samples.Weights(frozen));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_same_bits_on_any_number_of_threads(string target)
    {
        float[] Train(int threads)
        {
            using Device device = Target.Named(target).MakeDevice(threads);
            using var net = new RuledNet(device, batchSize: 8, seed: 3);
            double loss = net.Fit(SmallNet.Samples(21), new SGD(0.05, momentum: 0.9), epochs: 2).Epochs[^1].Loss;
            return [.. Samples.Weights(net), (float)loss];
        }

        float[] one = Train(1);
        Assert.All(one, value => Assert.True(float.IsFinite(value)));
        Compare.Same("two threads", one, Train(2));
        Compare.Same("five threads", one, Train(5));
    }

    private static void RequireConstrained(ConstrainedClasses net)
    {
        Span<float> kernel = net.Dense1.Kernel.Span;
        for (int unit = 0; unit < 3; unit++)
        {
            double squares = 0;
            for (int i = unit; i < kernel.Length; i += 3)
                squares += kernel[i] * (double)kernel[i];
            Assert.InRange(Math.Sqrt(squares), 0, 0.5 + 1e-6);
        }

        Assert.All(net.Dense1.Bias.Span.ToArray(), value => Assert.True(value >= 0));
    }

    private static double PenaltyOf(PenalizedClasses net) =>
        net.Dense1.Kernel.Span.ToArray().Sum(value => (0.01f * (double)Math.Abs(value)) + (0.25 * value * value))
        + net.Dense1.Bias.Span.ToArray().Sum(value => 0.5 * value * value);

    private static void CopyWeights(Model from, Model to)
    {
        for (int i = 0; i < from.Weights.Count; i++)
        {
            Span<float> values = from.Weights[i].Span;
            for (int k = 0; k < values.Length; k++)
                values[k] = ((k % 7) - 3) / 4f;
            values.CopyTo(to.Weights[i].Span);
        }
    }
}

[Model]
[Input(5)]
[Dense(3), Softmax, SparseCategoricalCrossentropy]
public sealed partial class PlainClasses;

[Model]
[Input(5)]
[Dense(3, KernelL1 = 0.01, KernelL2 = 0.25, BiasL2 = 0.5), Softmax, SparseCategoricalCrossentropy]
public sealed partial class PenalizedClasses;

[Model]
[Input(5)]
[Dense(3, KernelConstraint = Constraint.MaxNorm, KernelConstraintValue = 0.5, BiasConstraint = Constraint.NonNeg)]
[Softmax, SparseCategoricalCrossentropy]
public sealed partial class ConstrainedClasses;

[Model]
[Input(5)]
[Dense(6, Name = "stem", Trainable = false, KernelL2 = 1), ReLU, Dense(3, Name = "head"), Softmax, SparseCategoricalCrossentropy]
public sealed partial class FrozenClasses;

[Model]
[Input(5)]
[Dense(6, Name = "stem"), ReLU, Dense(3, Name = "head"), Softmax, SparseCategoricalCrossentropy]
public sealed partial class UnfrozenClasses;

/// <summary>All that can be asked of weights and values.</summary>
[Model]
[Input(9, 8, 3)]
[Conv2D(6, 3, Padding = Padding.Same, Trainable = false), Tanh]
[Conv2D(7, 2, 3, KernelL2 = 0.01, KernelConstraint = Constraint.MaxNorm, KernelConstraintValue = 1), ReLU, MaxPooling2D(2)]
[ActivityRegularization(L1 = 0.001, L2 = 0.01), Flatten, Dense(19, KernelL1 = 0.001, BiasConstraint = Constraint.UnitNorm), Sigmoid]
[Dense(5, KernelConstraint = Constraint.MinMaxNorm, KernelConstraintMinimum = 0.5), Softmax, SparseCategoricalCrossentropy]
public sealed partial class RuledNet;

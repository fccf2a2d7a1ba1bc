namespace Compiled.Tests;

/// <summary>Steps allocate nothing: whatever a run allocates does not depend on how many steps it has.</summary>
[NotSanitized("What is counted is memory of .NET.")]
public sealed class AllocationTests : IDisposable
{
    private const int Steps = 1000;
    private static readonly int[] Indices = [.. Enumerable.Range(0, 8)];

    private readonly Device _device = Device.Cpu(threads: 1);

    public void Dispose() => _device.Dispose();

    [Fact]
    public void A_training_step_allocates_nothing()
    {
        using var net = new SmallNet(_device, batchSize: 8);
        (float[] inputs, int[] classIds) = Batch();
        Optimizer[] optimizers =
        [
            new Adam(), new SGD(), new SGD(0.01, momentum: 0.9), new Lion { UseEma = true }, new RMSprop { ClipNorm = 1 },
            new Muon { ClipNorm = 1, UseEma = true },
            new SGD(new ExponentialDecay(0.1, 10, 0.9)), new SGD(new PiecewiseConstantDecay([10, 20], [0.1, 0.01, 0.001])),
            new SGD(new CosineDecayRestarts(0.1, 10)), new SGD(new OneCycle(0.1, 1000)),
        ];
        foreach (Optimizer optimizer in optimizers)
            Assert.Equal(0, AllocatedBy(() => net.TrainOnBatch(inputs, classIds, optimizer), Steps));
    }

    [Fact]
    public void Gradients_tests_and_predictions_allocate_nothing()
    {
        using var net = new SmallNet(_device, batchSize: 8);
        (float[] inputs, int[] classIds) = Batch();
        float[] predictions = new float[8 * 5];
        Assert.Equal(0, AllocatedBy(() => net.ComputeGradients(inputs, classIds), Steps));
        Assert.Equal(0, AllocatedBy(() => net.TestOnBatch(inputs, classIds), Steps));
        Assert.Equal(0, AllocatedBy(() => net.PredictOnBatch(inputs, predictions), Steps));
        Assert.Equal(0, AllocatedBy(() => net.Dense1.Kernel.Span[0] -= net.Dense1.Kernel.Gradient[0], Steps));
    }

    [Fact]
    public void A_step_with_penalties_and_constraints_allocates_nothing()
    {
        using var net = new RuledNet(_device, batchSize: 8);
        var sgd = new SGD();
        (float[] inputs, int[] classIds) = Batch();
        Assert.Equal(0, AllocatedBy(() => net.TrainOnBatch(inputs, classIds, sgd), Steps));
        Assert.Equal(0, AllocatedBy(() => net.TestOnBatch(inputs, classIds), Steps));
        Assert.Equal(0, AllocatedBy(() => net.ApplyGradients(sgd), Steps));
    }

    [Fact]
    public void A_step_with_float_targets_allocates_nothing()
    {
        using var net = new MaskNet(_device, batchSize: 2);
        var sgd = new SGD();
        float[] inputs = new float[2], targets = new float[2 * MaskNet.Units];
        Assert.Equal(0, AllocatedBy(() => net.TrainOnBatch(inputs, targets, sgd), Steps));
    }

    [Fact]
    public void A_fit_allocates_as_much_for_twice_the_steps()
    {
        using var net = new SmallNet(_device, batchSize: 8);
        ArrayDataset data = SmallNet.Samples(50);
        var adam = new Adam(new CosineDecay(1e-3, 1000));
        long Fit(int steps) => AllocatedBy(() => net.Fit(data, adam, epochs: 2, validation: data, stepsPerEpoch: steps), 1);
        Assert.Equal(Fit(500), Fit(1000));
    }

    [Fact]
    public void A_fit_with_callbacks_allocates_as_much_for_twice_the_steps()
    {
        using var net = new SmallNet(_device, batchSize: 8);
        ArrayDataset data = SmallNet.Samples(50);
        var adam = new Adam();
        Callback[] callbacks = [new TerminateOnNaN(), new EarlyStopping("loss", patience: 9), new LambdaCallback { BatchEnd = (_, _) => { } }];
        long Fit(int steps) => AllocatedBy(() => net.Fit(data, adam, stepsPerEpoch: steps, callbacks: callbacks), 1);
        Assert.Equal(Fit(500), Fit(1000));
    }

    [Fact]
    public void A_weighted_fit_allocates_as_much_for_twice_the_steps()
    {
        using var net = new SmallNet(_device, batchSize: 8);
        ArrayDataset data = SmallNet.Samples(50).WithSampleWeights(new float[50]);
        var sgd = new SGD();
        Dictionary<int, double> classWeight = new() { [1] = 2 };
        long Fit(int steps) => AllocatedBy(() => net.Fit(data, sgd, stepsPerEpoch: steps, classWeight: classWeight), 1);
        Assert.Equal(Fit(500), Fit(1000));
    }

    [Fact]
    public void An_evaluation_allocates_as_much_for_four_times_the_steps()
    {
        using var small = new SmallNet(_device, batchSize: 2);
        using var large = new SmallNet(_device, batchSize: 8);
        ArrayDataset data = SmallNet.Samples(200);
        Assert.Equal(AllocatedBy(() => large.Evaluate(data), 1), AllocatedBy(() => small.Evaluate(data), 1));
        Assert.Equal(AllocatedBy(() => large.Predict(data), 1), AllocatedBy(() => small.Predict(data), 1));
    }

    private static (float[] Inputs, int[] ClassIds) Batch()
    {
        ArrayDataset data = SmallNet.Samples(8);
        float[] inputs = new float[8 * 9 * 8 * 3];
        int[] classIds = new int[8];
        data.ReadInputs(Indices, inputs);
        data.ReadClassIds(Indices, classIds);
        return (inputs, classIds);
    }

    /// <summary>Bytes, after the action has run a few times: what is made once is made then.</summary>
    private static long AllocatedBy(Action action, int times)
    {
        for (int i = 0; i < 3; i++)
            action();
        return Allocations.Fewest(action, times);
    }
}

namespace Compiled.Tests;

/// <summary>Averages of the weights: when a model has them, and for how long the weights are they.</summary>
public sealed class AveragesTests
{
    private static readonly float[] Inputs = Samples.Inputs(8, 1, 5);
    private static readonly int[] ClassIds = Samples.ClassIds(8, 1, 3);

    public static TheoryData<string> Targets => new(Target.All.Select(target => target.ToString()));

    [Theory]
    [MemberData(nameof(Targets))]
    public void Weights_are_their_averages_for_a_while(string target)
    {
        using Device device = Target.Named(target).MakeDevice();
        using var net = new ThreeClasses(device, batchSize: 8);
        var optimizer = new SGD(0.5) { UseEma = true, EmaMomentum = 0.5 };
        net.TrainOnBatch(Inputs, ClassIds, optimizer);
        float[] first = Samples.Weights(net);
        net.TrainOnBatch(Inputs, ClassIds, optimizer);
        float[] second = Samples.Weights(net);
        double loss = net.TestOnBatch(Inputs, ClassIds).Loss;
        IDisposable averages = net.UseAverages();
        Compare.Close("averages", (double[])[.. first.Zip(second, (a, b) => (a + (double)b) / 2)], Samples.Weights(net), 1e-6, 1e-6);
        Assert.NotEqual(loss, net.TestOnBatch(Inputs, ClassIds).Loss);
        net.Dense1.Kernel.Span[0] = 77;
        averages.Dispose();
        Compare.Same("weights", second, Samples.Weights(net));
        Assert.Equal(loss, net.TestOnBatch(Inputs, ClassIds).Loss);
        averages.Dispose();
        Compare.Same("weights", second, Samples.Weights(net));
    }

    [Fact]
    public void Training_goes_on_as_if_nobody_had_looked_at_the_averages()
    {
        using var net = new ThreeClasses(batchSize: 8);
        using var twin = new ThreeClasses(batchSize: 8);
        Optimizer optimizer = new Adam { UseEma = true }, its = new Adam { UseEma = true };
        for (int step = 0; step < 4; step++)
        {
            net.TrainOnBatch(Inputs, ClassIds, optimizer);
            twin.TrainOnBatch(Inputs, ClassIds, its);
            net.UseAverages().Dispose();
        }

        Compare.Same("weights", Samples.Weights(twin), Samples.Weights(net));
        using (net.UseAverages())
        using (twin.UseAverages())
            Compare.Same("averages", Samples.Weights(twin), Samples.Weights(net));
    }

    [Fact]
    public void There_are_none_before_the_first_update_or_without_asking_for_them()
    {
        using var net = new ThreeClasses(batchSize: 8);
        void HasNone() => Assert.Contains(
            "'ThreeClasses' has no averages", Assert.Throws<InvalidOperationException>(() => net.UseAverages()).Message, StringComparison.Ordinal);
        HasNone();
        net.TrainOnBatch(Inputs, ClassIds, new SGD());
        HasNone();
        var averaging = new SGD { UseEma = true };
        net.TrainOnBatch(Inputs, ClassIds, averaging);
        net.UseAverages().Dispose();
        net.TrainOnBatch(Inputs, ClassIds, new SGD());
        HasNone();
    }

    [Fact]
    public void They_are_not_trained()
    {
        using var net = new ThreeClasses(batchSize: 8);
        var optimizer = new SGD { UseEma = true };
        net.TrainOnBatch(Inputs, ClassIds, optimizer);
        using (net.UseAverages())
        {
            foreach (Action use in (Action[])
                [
                    () => net.TrainOnBatch(Inputs, ClassIds, optimizer), () => net.ApplyGradients(optimizer), () => net.UseAverages(),
                    () => net.Fit(Samples.Classes(8), optimizer),
                ])
                Assert.Contains("dispose what UseAverages returned", Assert.Throws<InvalidOperationException>(use).Message, StringComparison.Ordinal);
            net.ComputeGradients(Inputs, ClassIds);
        }

        net.TrainOnBatch(Inputs, ClassIds, optimizer);
    }

    [Fact]
    public void They_may_outlive_the_model()
    {
        var net = new ThreeClasses(batchSize: 8);
        net.TrainOnBatch(Inputs, ClassIds, new SGD { UseEma = true });
        IDisposable averages = net.UseAverages();
        net.Dispose();
        averages.Dispose();
    }

    [Fact]
    public void A_fit_ends_with_them_unless_it_is_cancelled()
    {
        ArrayDataset data = Samples.Classes(16);
        SGD Optimizer(bool averages) => new(0.5) { UseEma = averages, EmaMomentum = 0.5 };
        (float[] Weights, double Loss) Train(bool averages, bool fits)
        {
            using var net = new ThreeClasses(batchSize: 8);
            SGD optimizer = Optimizer(averages);
            if (fits)
            {
                double loss = net.Fit(data, optimizer, epochs: 2, validation: data, shuffle: false).Epochs[^1].Validation!.Value.Loss;
                return (Samples.Weights(net), loss);
            }

            (float[] inputs, float[] targets) = Samples.All(data);
            for (int step = 0; step < 4; step++)
                net.TrainOnBatch(inputs.AsSpan(step % 2 * 40, 40), targets.AsSpan(step % 2 * 24, 24), optimizer);
            using IDisposable? scope = averages ? net.UseAverages() : null;
            return (Samples.Weights(net), double.NaN);
        }

        Compare.Same("averages", Train(averages: true, fits: false).Weights, Train(averages: true, fits: true).Weights);
        Compare.Same("weights", Train(averages: false, fits: false).Weights, Train(averages: false, fits: true).Weights);
        // While it is trained, and validated, the weights are themselves.
        Assert.Equal(Train(averages: false, fits: true).Loss, Train(averages: true, fits: true).Loss);

        // Nor are they used where nothing was trained.
        using var done = new ThreeClasses(batchSize: 8);
        SGD sgd = Optimizer(averages: true);
        done.TrainOnBatch(Inputs, ClassIds, sgd);
        done.TrainOnBatch(Inputs, ClassIds, sgd);
        float[] trained = Samples.Weights(done);
        Assert.Empty(done.Fit(data, sgd, epochs: 2, initialEpoch: 2).Epochs);
        Compare.Same("weights", trained, Samples.Weights(done));

        using var cancelled = new ThreeClasses(batchSize: 8);
        SGD its = Optimizer(averages: true);
        cancelled.TrainOnBatch(Inputs, ClassIds, its);
        cancelled.TrainOnBatch(Inputs, ClassIds, its);
        float[] before = Samples.Weights(cancelled);
        Assert.True(cancelled.Fit(data, its, cancellationToken: new CancellationToken(canceled: true)).Cancelled);
        Compare.Same("weights", before, Samples.Weights(cancelled));
    }
}

namespace Compiled.Tests;

/// <summary>The networks of a second lecture, trained in loops that one writes oneself.</summary>
public sealed class SecondLectureTests
{
    private static readonly float[] Pairs = [0, 0, 0, 1, 1, 0, 1, 1];
    private static readonly float[] Parities = [0, 1, 1, 0];

    [Fact]
    public void A_network_of_sigmoids_learns_exclusive_or()
    {
        using var net = new SigmoidParityNet(batchSize: 4, seed: 1);
        RequireLearnsParity(net, new SGD(learningRate: 0.5, momentum: 0.9), epochs: 2000);
    }

    [Fact]
    public void A_network_of_tanhs_learns_exclusive_or()
    {
        using var net = new TanhParityNet(batchSize: 4, seed: 1);
        RequireLearnsParity(net, new SGD(learningRate: 0.2), epochs: 2000);
    }

    [Fact]
    public void A_regression_sample_by_sample_follows_a_sine()
    {
        using var net = new SineNet(batchSize: 1, seed: 2);
        var sgd = new SGD(learningRate: 0.05);
        const int Count = 40;
        float[] x = [.. Enumerable.Range(0, Count).Select(i => (2f * i / (Count - 1)) - 1)];
        float[] y = [.. x.Select(value => MathF.Sin(3 * value))];
        double before = 0, after = 0;
        for (int epoch = 0; epoch < 1000; epoch++)
        {
            double loss = 0;
            for (int i = 0; i < Count; i++)
                loss += net.TrainOnBatch(x.AsSpan(i, 1), y.AsSpan(i, 1), sgd).Loss / Count;
            (before, after) = (epoch == 0 ? loss : before, loss);
        }

        Assert.True(before > 0.05, $"the loss was {before} before");
        Assert.True(after < 0.002, $"the loss is {after}");
        float[] prediction = new float[1];
        net.PredictOnBatch([0.5f], prediction);
        Assert.Equal(MathF.Sin(1.5f), prediction[0], 0.1f);
    }

    [Fact]
    public void An_update_of_ones_own_is_that_of_the_optimizer()
    {
        const float Rate = 0.1f; // Far from where the descent would begin to swing and multiply every rounding.
        using var theirs = new TanhParityNet(batchSize: 4, seed: 7);
        using var own = new TanhParityNet(batchSize: 4, seed: 7);
        var sgd = new SGD(Rate);
        for (int step = 0; step < 200; step++)
        {
            BatchResult left = theirs.TrainOnBatch(Pairs, Parities, sgd);
            BatchResult right = own.ComputeGradients(Pairs, Parities);
            Assert.Equal(left.Loss, right.Loss, 1e-6);
            foreach (Weight weight in own.Weights)
            {
                Span<float> values = weight.Span, gradient = weight.Gradient;
                for (int i = 0; i < values.Length; i++)
                    values[i] -= Rate * gradient[i];
            }
        }

        // The processor may round Rate · gradient before it subtracts, or not: half a unit in the last place, two hundred times.
        for (int i = 0; i < own.Weights.Count; i++)
            Compare.Close(own.Weights[i].Name, theirs.Weights[i].Span, own.Weights[i].Span, 1e-6, 1e-6);
    }

    private static void RequireLearnsParity(Model net, Optimizer optimizer, int epochs)
    {
        double before = net.TestOnBatch(Pairs, Parities).Loss;
        for (int epoch = 0; epoch < epochs; epoch++)
            net.TrainOnBatch(Pairs, Parities, optimizer);
        BatchResult after = net.TestOnBatch(Pairs, Parities);
        Assert.True(before > 0.1, $"the loss was {before} before");
        Assert.True(after.Loss < 0.01, $"the loss is {after.Loss}");
        float[] predictions = new float[4];
        net.PredictOnBatch(Pairs, predictions);
        Assert.Equal([0, 1, 1, 0], predictions.Select(value => (int)MathF.Round(value)));
    }
}

[Model]
[Input(2)]
[Dense(4), Sigmoid]
[Dense(1), Sigmoid, MeanSquaredError]
public sealed partial class SigmoidParityNet;

[Model]
[Input(2)]
[Dense(5), Tanh]
[Dense(1), MeanSquaredError]
public sealed partial class TanhParityNet;

[Model]
[Input(1)]
[Dense(16), Tanh]
[Dense(1), MeanSquaredError]
public sealed partial class SineNet;

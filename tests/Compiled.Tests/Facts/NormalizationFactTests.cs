using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>A normalization that keeps the statistics of the last batch alone.</summary>
[Model]
[Input(4, 4, 3)]
[BatchNormalization(Momentum = 0), MeanSquaredError]
public sealed partial class ForgetfulNormalization;

/// <summary>A normalization that moves fast.</summary>
[Model]
[Input(10)]
[BatchNormalization(Momentum = 0.8), MeanSquaredError]
public sealed partial class FastNormalization;

/// <summary>A normalization that is not trained.</summary>
[Model]
[Input(4, 4, 3)]
[BatchNormalization(Trainable = false, Epsilon = 1e-7), MeanSquaredError]
public sealed partial class FrozenNormalization;

/// <summary>Known results of batch normalization: of the reference, and of models.</summary>
public sealed class NormalizationFactTests
{
    [Fact]
    public void Batch_normalization_of_four_numbers()
    {
        Tensor x = new([4, 1], [1, 2, 3, 4]);
        (Tensor y, Tensor mean, Tensor variance) = BatchNormalization.Train(x, null, null, 1e-3);
        Near.Equal([-1.34110445, -0.44703482, 0.44703482, 1.34110445], y.Values, 1e-8);
        Near.Equal([2.5, 1.25], [.. mean.Values, .. variance.Values]);
        (Tensor dx, Tensor dgamma, Tensor dbeta) = BatchNormalization.TrainBackward(x, null, new Tensor([4, 1], [1, 0, 0, 0]), 1e-3);
        Near.Equal([0.26854250, -0.35752065, -0.08951417, 0.17849232], dx.Values, 1e-8);
        Near.Equal([-1.34110445, 1], [.. dgamma.Values, .. dbeta.Values], 1e-8);
        Near.Equal(y.Values, LayerNormalization.Forward(x.Reshape(1, 4), null, null, 1e-3).Values, 1e-12);
    }

    [Fact]
    public void Moving_statistics_follow_the_biased_variance()
    {
        Tensor zeros = new([1]);
        Near.Equal([0.0125], BatchNormalization.Move(zeros, new Tensor([1], [1.25]), 0.99).Values);
        Near.Equal([1.25], BatchNormalization.Move(zeros, new Tensor([1], [1.25]), 0).Values);
    }

    [Fact]
    public void Two_of_four_weights_are_trained()
    {
        using var net = new FastNormalization(batchSize: 1);
        Assert.Equal(4, net.Weights.Count);
        Assert.Equal(["gamma", "beta"], net.Weights.Where(weight => weight.Trainable).Select(weight => weight.Name.Split('/')[^1]));
    }

    // The mean squared output of training is the loss against zeros.
    [Fact]
    public void Without_momentum_a_prediction_is_what_training_saw()
    {
        const int Count = 200;
        float[] inputs = Normal(Count * 48, 5, 2), zeros = new float[inputs.Length], y = new float[inputs.Length];
        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice();
            using var net = new ForgetfulNormalization(device, Count);
            var still = new SGD(learningRate: 0);
            double loss = 0;
            for (int pass = 0; pass < 3; pass++)
                loss = net.TrainOnBatch(inputs, zeros, still).Loss;
            Assert.Equal(1, loss, 1e-3);
            Assert.Equal(loss, net.TestOnBatch(inputs, zeros).Loss, 1e-5);
            net.PredictOnBatch(inputs, y);
            for (int channel = 0; channel < 3; channel++)
            {
                double[] values = [.. Enumerable.Range(0, y.Length / 3).Select(i => (double)y[(3 * i) + channel])];
                Assert.Equal(0, values.Average(), 1e-3);
                Assert.Equal(1, Deviation(values), 1e-3);
            }
        }
    }

    [Fact]
    public void A_frozen_normalization_that_saw_nothing_gives_its_input()
    {
        float[] inputs = Samples.Inputs(3, 1, 4, 4, 3), y = new float[inputs.Length];
        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice();
            using var net = new FrozenNormalization(device, batchSize: 3);
            Assert.Equal(0, net.TrainOnBatch(inputs, inputs, new SGD(1)).Loss, 1e-12);
            net.PredictOnBatch(inputs, y);
            Compare.Close($"{target}", inputs, y, 1e-6, 0);
        }
    }

    [Fact]
    public void A_trained_normalization_knows_mean_and_deviation()
    {
        const int Count = 1000;
        float[] inputs = Normal(Count * 10, 5, 10);
        var data = new ArrayDataset(inputs, [10], inputs, [10]);
        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice();
            using var net = new FastNormalization(device, batchSize: 32);
            net.Fit(data, new SGD(), epochs: 5);
            Weight gamma = net.BatchNormalization1.Gamma!.Value, beta = net.BatchNormalization1.Beta!.Value;
            double[] values = [.. net.Predict(data).Select((value, i) => (double)((value - beta.Span[i % 10]) / gamma.Span[i % 10]))];
            Assert.Equal(0, values.Average(), 0.1);
            Assert.Equal(1, Deviation(values), 0.1);
        }
    }

    private static float[] Normal(int count, double mean, double deviation)
    {
        static uint Word(int element) => Philox.Word(1, 0xF000, 0, (ulong)element);
        return [.. Enumerable.Range(0, count).Select(i => (float)(mean + (deviation * Noise.Normal(i, Word))))];
    }

    private static double Deviation(double[] values)
    {
        double mean = values.Average();
        return Math.Sqrt(values.Average(value => (value - mean) * (value - mean)));
    }
}

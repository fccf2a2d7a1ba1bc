namespace Compiled.Tests;

/// <summary>Three times the input: what Keras' own test of weights computes with.</summary>
[Model]
[Input(1)]
[Dense(1, UseBias = false), MeanSquaredError]
[MeanSquaredError(Weighted = true), MeanSquaredError(Name = "plain")]
public sealed partial class Triple;

/// <summary>A question per pixel.</summary>
[Model]
[Input(3, 2, 2)]
[Conv2D(1, 1), Sigmoid, BinaryCrossentropy]
public sealed partial class PixelMask;

/// <summary>A class per pixel, where it has one.</summary>
[Model]
[Input(3, 2, 2)]
[Conv2D(4, 1), Softmax, SparseCategoricalCrossentropy(IgnoreClass = 255)]
public sealed partial class PixelClasses;

/// <summary>Weights of samples, of positions and of classes: the loss is the sum of the weighted values over their number.</summary>
public sealed class SampleWeightTests
{
    private static readonly float[] Weights = [0.5f, 2, 0, 1, 3];

    [Theory]
    [InlineData(new float[] { 2, 4, 6, 8 }, new float[] { 2, 3, 4, 5 }, 7.5, 32.5, 9.2857142857142865)]
    [InlineData(new float[] { 1, 2, 3, 4 }, new[] { 3.5f, 2.5f, 1.5f, 0.5f }, 30, 35, 17.5)]
    public void The_loss_and_the_metrics_of_weighted_samples(float[] targets, float[] weights, double plain, double weighted, double mean)
    {
        float[] inputs = [1, 2, 3, 4];
        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice();
            using Triple net = MakeTriple(device, batchSize: 4), small = MakeTriple(device, batchSize: 2);
            var still = new SGD(learningRate: 0);
            Assert.Equal(plain, net.TestOnBatch(inputs, targets).Loss);
            Assert.Equal(weighted, net.TestOnBatch(inputs, targets, weights).Loss);
            Assert.Equal(weighted, net.TrainOnBatch(inputs, targets, still, weights).Loss);
            Assert.Equal(plain, net.TrainOnBatch(inputs, targets, still).Loss);
            ArrayDataset data = new ArrayDataset(inputs, [1], targets, [1]).WithSampleWeights(weights);
            Evaluation score = small.Evaluate(data), unweighted = small.Evaluate(new ArrayDataset(inputs, [1], targets, [1]));
            Assert.Equal(weighted, score.Loss);
            Assert.Equal((mean, plain), (score.Metrics["mean_squared_error"], score.Metrics["plain"]));
            Assert.Equal((plain, plain), (unweighted.Metrics["mean_squared_error"], unweighted.Metrics["plain"]));
            History history = small.Fit(data, still, validation: new ArrayDataset(inputs, [1], targets, [1]), epochs: 2);
            Assert.Equal([weighted, weighted], history["loss"]);
            Assert.Equal([plain, plain], history["val_loss"]);
        }
    }

    [Fact]
    public void A_sample_of_weight_2_counts_as_two_of_half_as_many()
    {
        (float[] inputs, float[] targets) = Samples.All(Samples.Classes(3));
        using var twice = new ThreeClasses(batchSize: 4);
        using var weighted = new ThreeClasses(batchSize: 4);
        twice.ComputeGradients([.. inputs, .. inputs[10..]], [.. targets, .. targets[6..]]);
        weighted.ComputeGradients(inputs, targets, [1, 1, 2]);
        float[] expected = [.. twice.Weights.SelectMany(weight => weight.Gradient.ToArray()).Select(value => value * 4 / 3)];
        Compare.Close("gradients", expected, weighted.Weights.SelectMany(weight => weight.Gradient.ToArray()).ToArray(), 1e-5, 1e-7);
    }

    [Fact]
    public void The_loss_is_the_mean_over_the_pixels_that_have_a_class()
    {
        float[] inputs = Samples.Inputs(2, 3, 12);
        int[] ids = [3, 255, 0, 1, 255, 2, 255, 255, 255, 1, 0, 3];
        float[] counts = [.. ids.Select(id => id == 255 ? 0f : 12f / 7)];
        int[] known = [.. ids.Select(id => id == 255 ? 0 : id)];
        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice();
            using var net = new PixelClasses(device, batchSize: 3, seed: 5);
            double loss = net.ComputeGradients(inputs, ids).Loss;
            float[] gradients = [.. net.Weights.SelectMany(weight => weight.Gradient.ToArray())];
            Assert.Equal(net.ComputeGradients(inputs, known, counts).Loss, loss, 1e-6);
            Compare.Close("gradients", [.. net.Weights.SelectMany(weight => weight.Gradient.ToArray())], gradients, 1e-5, 1e-7);
            Assert.Equal(0, net.TestOnBatch(inputs, [.. Enumerable.Repeat(255, 12)]).Loss);
        }
    }

    [Fact]
    public void What_a_sample_of_weight_0_holds_does_not_matter()
    {
        (float[] inputs, float[] targets) = Samples.All(Samples.Classes(5));
        float[] spoilt = [.. inputs];
        spoilt.AsSpan(10, 5).Fill(float.NaN);
        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice();
            using var net = new ThreeClasses(device, batchSize: 5);
            Assert.Equal(net.TestOnBatch(inputs, targets, Weights).Loss, net.TestOnBatch(spoilt, targets, Weights).Loss);
            Assert.Equal(double.NaN, net.TestOnBatch(spoilt, targets).Loss);
        }
    }

    [Fact]
    public void Class_weights_are_weights_of_the_samples_of_that_class()
    {
        ArrayDataset data = Samples.Classes(30);
        int[] ids = Samples.ClassIds(30, 1, 3);
        float[] own = [.. Samples.Inputs(30, 9).Select(Math.Abs)];
        Dictionary<int, double> classWeight = new() { [0] = 0.25, [2] = 3 };
        float[] product = [.. ids.Select((id, i) => own[i] * (id == 1 ? 1 : (float)classWeight[id]))];
        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice();
            using var byClass = new ThreeClasses(device, batchSize: 8);
            using var bySample = new ThreeClassesByNumber(device, batchSize: 8);
            History expected = byClass.Fit(data.WithSampleWeights(product), new SGD(), epochs: 2, validation: data);
            History history = bySample.Fit(data.WithSampleWeights(own), new SGD(), epochs: 2, validation: data, classWeight: classWeight);
            Assert.Equal(expected["loss"][1], history["loss"][1], 1e-6);
            Assert.Equal(expected["val_loss"][1], history["val_loss"][1], 1e-6);
            Compare.Close("weights", Samples.Weights(byClass), Samples.Weights(bySample), 1e-5, 1e-6);
        }
    }

    [Fact]
    public void Positions_are_weighted_each_or_as_their_sample()
    {
        float[] inputs = Samples.Inputs(2, 3, 3, 2, 2), targets = [1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1];
        using var net = new PixelMask(batchSize: 2);
        double bySample = net.TestOnBatch(inputs, targets, [0.5f, 2]).Loss;
        double byPosition = net.TestOnBatch(inputs, targets, [.5f, .5f, .5f, .5f, .5f, .5f, 2, 2, 2, 2, 2, 2]).Loss;
        Assert.Equal(bySample, byPosition);
        double onlyFirst = net.TestOnBatch(inputs, targets, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]).Loss;
        float[] probabilities = new float[12];
        net.PredictOnBatch(inputs, probabilities);
        Assert.Equal(-Math.Log(probabilities[0]) / 12, onlyFirst, 1e-6);
    }

    [Fact]
    public void A_class_weight_of_a_question_goes_by_its_answer()
    {
        float[] inputs = Samples.Inputs(2, 3, 3, 2, 2), targets = [1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1];
        using var net = new PixelMask(batchSize: 2);
        double expected = net.TestOnBatch(inputs, targets, [.. targets.Select(target => target == 1 ? 4f : 1f)]).Loss;
        History history = net.Fit(
            new ArrayDataset(inputs, [3, 2, 2], targets, [3, 2, 1]), new SGD(learningRate: 0), classWeight: new Dictionary<int, double> { [1] = 4 });
        Assert.Equal(expected, history["loss"][0], 1e-9);
    }

    [Fact]
    public void Weights_that_do_not_fit()
    {
        ArrayDataset data = Samples.Classes(5);
        (float[] inputs, float[] targets) = Samples.All(data);
        using var net = new ThreeClasses(batchSize: 5);
        Assert.Contains(
            "5 samples have 5 weights; 4 were given", Assert.Throws<ArgumentException>(() => net.TestOnBatch(inputs, targets, [1, 1, 1, 1])).Message,
            StringComparison.Ordinal);
        using var mask = new PixelMask(batchSize: 1);
        Assert.Contains(
            "1 samples have 1 weights, or 6 of their positions; 2 were given",
            Assert.Throws<ArgumentException>(() => mask.TestOnBatch(new float[12], new float[6], [1, 1])).Message, StringComparison.Ordinal);
        Assert.Contains(
            "There are 5 samples, but 3 weights", Assert.Throws<ArgumentException>(() => data.WithSampleWeights(new float[3])).Message,
            StringComparison.Ordinal);
        foreach (double weight in (double[])[-1, double.NaN, double.PositiveInfinity])
        {
            Dictionary<int, double> classWeight = new() { [1] = weight };
            Assert.Throws<ArgumentException>("classWeight", () => net.Fit(data, new SGD(), classWeight: classWeight));
        }
    }

    private static Triple MakeTriple(Device device, int batchSize)
    {
        var net = new Triple(device, batchSize);
        net.Dense1.Kernel.Span[0] = 3;
        return net;
    }
}

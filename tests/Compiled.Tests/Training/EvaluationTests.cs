namespace Compiled.Tests;

/// <summary>Evaluation and prediction: right, complete, in order, and without a trace in the model.</summary>
public sealed class EvaluationTests
{
    private static readonly int[] BatchSizes = [1, 2, 3, 7, 16, 100];

    [Fact]
    public void An_evaluation_is_what_a_recount_of_the_predictions_gives()
    {
        ArrayDataset data = Samples.Shapes(53, seed: 4);
        using var net = new ThreeShapes(batchSize: 8);
        net.Fit(Samples.Shapes(64), new Adam(), epochs: 3);
        Evaluation score = net.Evaluate(data);
        (double loss, double accuracy) = Recount.Classification(net, data);
        Assert.Equal(loss, score.Loss, 1e-6);
        Assert.Equal(accuracy, score.Accuracy, 1e-12);
        Assert.Equal(53, score.Count);
    }

    [Fact]
    public void An_evaluation_by_class_numbers_is_what_a_recount_gives()
    {
        ArrayDataset data = Samples.Classes(53, seed: 4);
        using var net = new ThreeClassesByNumber(batchSize: 8);
        Evaluation score = net.Evaluate(data);
        (double loss, double accuracy) = Recount.Classification(net, data);
        Assert.Equal(loss, score.Loss, 1e-6);
        Assert.Equal(accuracy, score.Accuracy, 1e-12);
    }

    [Fact]
    public void An_evaluation_of_a_regression_is_what_a_recount_gives()
    {
        ArrayDataset data = Samples.Values(21);
        using var net = new ThreeValues(batchSize: 8);
        Evaluation score = net.Evaluate(data);
        Assert.Equal(Recount.Regression(net, data), score.Loss, 1e-6);
        Assert.Equal(double.NaN, score.Accuracy);
    }

    [Fact]
    public void The_batch_size_does_not_matter()
    {
        ArrayDataset data = Samples.Shapes(53, seed: 4);
        using var first = new ThreeShapes(batchSize: 1, seed: 6);
        Evaluation expected = first.Evaluate(data);
        float[] predictions = first.Predict(data);
        foreach (int batchSize in BatchSizes)
        {
            using var net = new ThreeShapes(batchSize: batchSize, seed: 6);
            Evaluation score = net.Evaluate(data);
            Assert.Equal(expected.Loss, score.Loss, 1e-12); // Of the order of the sum, in double.
            Assert.Equal(expected.Accuracy, score.Accuracy);
            Compare.Same($"predictions in batches of {batchSize}", predictions, net.Predict(data));
        }
    }

    [Fact]
    public void Every_sample_is_read_once_and_in_order()
    {
        foreach (int batchSize in BatchSizes)
        {
            using var net = new ThreeClasses(batchSize: batchSize);
            var evaluated = new WatchedDataset(Samples.Classes(53));
            var predicted = new WatchedDataset(Samples.Classes(53));
            Assert.Equal(53, net.Evaluate(evaluated).Count);
            Assert.Equal(53 * 3, net.Predict(predicted).Length);
            Assert.Equal(Enumerable.Range(0, 53), evaluated.Read);
            Assert.Equal(Enumerable.Range(0, 53), predicted.Read);
        }
    }

    [Fact]
    public void Predictions_stand_in_the_order_of_the_samples()
    {
        ArrayDataset data = Samples.Classes(11);
        (float[] inputs, _) = Samples.All(data);
        using var net = new ThreeClasses(batchSize: 4);
        float[] all = net.Predict(data);
        for (int i = 0; i < 11; i++)
        {
            float[] one = new float[3];
            net.PredictOnBatch(inputs.AsSpan(i * 5, 5), one);
            Compare.Same($"sample {i}", one, all.AsSpan(i * 3, 3));
        }
    }

    [Fact]
    public void Neither_changes_the_model()
    {
        ArrayDataset data = Samples.Shapes(21);
        (float[] inputs, float[] targets) = Samples.All(data.Take(8));
        using var net = new ThreeShapes(batchSize: 8);
        using var untouched = new ThreeShapes(batchSize: 8);
        net.Fit(data, new SGD());
        untouched.Fit(data, new SGD());
        float[] weights = Samples.Weights(net);
        float[] gradients = [.. net.Weights.SelectMany(weight => weight.Gradient.ToArray())];

        Assert.Equal(net.Evaluate(data), net.Evaluate(data));
        Assert.Equal(net.Predict(data), net.Predict(data));
        Assert.Equal(net.TestOnBatch(inputs, targets), net.TestOnBatch(inputs, targets));
        net.PredictOnBatch(inputs, new float[8 * 3]);

        Assert.Equal(untouched.Step, net.Step);
        Compare.Same("weights", weights, Samples.Weights(net));
        Compare.Same("gradients", gradients, net.Weights.SelectMany(weight => weight.Gradient.ToArray()).ToArray());
        var optimizer = new SGD();
        Assert.Equal(untouched.TrainOnBatch(inputs, targets, optimizer), net.TrainOnBatch(inputs, targets, optimizer));
        Compare.Same("weights after another step", Samples.Weights(untouched), Samples.Weights(net));
    }
}

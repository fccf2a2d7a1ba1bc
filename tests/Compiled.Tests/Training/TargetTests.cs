namespace Compiled.Tests;

/// <summary>Targets as class numbers and as floats, from data sets and from spans.</summary>
public sealed class TargetTests
{
    [Fact]
    public void Class_numbers_and_one_hot_targets_train_to_the_same_bits()
    {
        ArrayDataset numbers = Samples.Shapes(30);
        (float[] inputs, float[] targets) = Samples.All(numbers);
        var floats = new ArrayDataset(inputs, [6, 6, 2], targets, [3]);
        using var one = new ThreeShapes(batchSize: 8);
        using var other = new ThreeShapes(batchSize: 8);
        Assert.Equal(one.Fit(numbers, new Adam(), epochs: 3)["loss"], other.Fit(floats, new Adam(), epochs: 3)["loss"]);
        Compare.Same("weights", Samples.Weights(one), Samples.Weights(other));
        Assert.Equal(one.Evaluate(numbers), other.Evaluate(floats));
    }

    [Fact]
    public void Batches_train_as_a_data_set_does()
    {
        ArrayDataset data = Samples.Classes(16);
        (float[] inputs, float[] targets) = Samples.All(data);
        int[] classIds = Samples.ClassIds(16, 1, 3);
        using var bySet = new ThreeClasses(batchSize: 16);
        using var byNumbers = new ThreeClasses(batchSize: 16);
        using var byFloats = new ThreeClasses(batchSize: 16);
        var optimizer = new SGD(0.1);
        for (int step = 0; step < 3; step++)
        {
            EpochResult epoch = bySet.Fit(data, optimizer, shuffle: false).Epochs[0];
            BatchResult result = byNumbers.TrainOnBatch(inputs, classIds, optimizer);
            Assert.Equal(result, byFloats.TrainOnBatch(inputs, targets, optimizer));
            Assert.Equal((epoch.Loss, epoch.Accuracy), (result.Loss, result.Accuracy));
        }

        Compare.Same("weights", Samples.Weights(bySet), Samples.Weights(byNumbers));
        Compare.Same("weights", Samples.Weights(bySet), Samples.Weights(byFloats));
        Assert.Equal(byNumbers.TestOnBatch(inputs, classIds), byFloats.TestOnBatch(inputs, targets));
    }

    [Fact]
    public void Gradients_alone_leave_the_weights_and_are_those_of_the_step()
    {
        int[] classIds = Samples.ClassIds(8, 1, 3);
        float[] inputs = Samples.Inputs(8, 1, 6, 6, 2), targets = Samples.OneHot(classIds, 3);
        using var net = new ThreeShapes(batchSize: 8);
        using var trained = new ThreeShapes(batchSize: 8);
        float[] weights = Samples.Weights(net);
        BatchResult result = net.ComputeGradients(inputs, classIds);
        float[] gradients = [.. net.Weights.SelectMany(weight => weight.Gradient.ToArray())];
        Assert.Equal(1, net.Step);
        net.Step = 0;
        Assert.Equal(result, net.ComputeGradients(inputs, targets));
        Compare.Same("gradients", gradients, net.Weights.SelectMany(weight => weight.Gradient.ToArray()).ToArray());
        Compare.Same("weights", weights, Samples.Weights(net));
        Assert.Equal(result, trained.TrainOnBatch(inputs, classIds, new SGD()));
        Compare.Same("gradients of the step", gradients, trained.Weights.SelectMany(weight => weight.Gradient.ToArray()).ToArray());
    }

    [Fact]
    public void Each_pass_of_a_loop_of_ones_own_has_dropout_masks_of_its_own()
    {
        int[] classIds = Samples.ClassIds(8, 1, 3);
        float[] inputs = Samples.Inputs(8, 1, 6, 6, 2);
        using var net = new ThreeShapes(batchSize: 8);
        double[] losses = [.. Enumerable.Range(0, 5).Select(_ => net.ComputeGradients(inputs, classIds).Loss)];
        Assert.Equal(5, losses.Distinct().Count());
        Assert.Equal(5, net.Step);
    }

    [Fact]
    public void Whole_numbers_are_no_targets_of_a_model_with_one_output()
    {
        using var net = new OneValue(batchSize: 4);
        ArgumentException fault = Assert.Throws<ArgumentException>(() => net.TrainOnBatch(Samples.Inputs(4, 1, 5), [0, 0, 0, 0], new SGD()));
        Assert.StartsWith("The targets of 'OneValue' are floats, not class numbers: write [0f, 1f].", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_of_class_numbers_learns_as_one_of_one_hot_targets()
    {
        ArrayDataset data = Samples.Classes(24);
        using var numbers = new ThreeClassesByNumber(batchSize: 8);
        using var floats = new ThreeClasses(batchSize: 8);
        numbers.Fit(data, new SGD(0.1), epochs: 5);
        floats.Fit(data, new SGD(0.1), epochs: 5);
        Compare.Close("weights", Samples.Weights(floats), Samples.Weights(numbers), 1e-5, 1e-6);
        Assert.Equal(floats.Evaluate(data).Accuracy, numbers.Evaluate(data).Accuracy);
    }
}

/// <summary>A regression to one number.</summary>
[Model]
[Input(5), Dense(1), MeanSquaredError]
internal sealed partial class OneValue;

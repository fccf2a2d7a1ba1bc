namespace Compiled.Tests;

[Model]
[Input(4), Dense(3), BatchNormalization(Momentum = 0.5), ReLU, Dense(2), MeanSquaredError]
internal sealed partial class NormalizedVectors;

[Model]
[Input(4), Dense(3), BatchNormalization(Trainable = false), Dense(2), MeanSquaredError]
internal sealed partial class FrozenNormalizedVectors;

[Model]
[Input(2, 2, 1), Conv2D(3, 1), BatchNormalization, GlobalAveragePooling2D, Dense(2), MeanSquaredError]
internal sealed partial class NormalizedImages;

/// <summary>What batch normalization asks of a batch, and what of it is in files.</summary>
public sealed class NormalizationTrainingTests
{
    private static readonly float[] Inputs = [0.5f, -1, 2, 0.25f, 1, 1, -0.5f, 3, -2, 0, 1.5f, 1];
    private static readonly float[] Targets = [1, 0, 0, 1, 0.5f, -1];

    [Fact]
    public void A_batch_of_one_cannot_be_normalized_and_changes_nothing()
    {
        using var net = new NormalizedVectors(batchSize: 1, seed: 3);
        float[] before = Samples.Weights(net);
        ArrayDataset data = new(Inputs, [4], Targets, [2]);
        foreach (Action train in (Action[])
        [
            () => net.TrainOnBatch(Inputs.AsSpan(0, 4), Targets.AsSpan(0, 2), new SGD()),
            () => net.ComputeGradients(Inputs.AsSpan(0, 4), Targets.AsSpan(0, 2)),
            () => net.Fit(data, new SGD(), epochs: 1),
        ])
        {
            var error = Assert.Throws<InvalidOperationException>(train);
            Assert.Equal(
                "'NormalizedVectors' cannot train with a batch size of 1: 'batch_normalization_1' normalizes each channel over the batch, and one " +
                "value is its own mean. Make the model with a batch size of 2 or more, use [LayerNormalization], or set Trainable = false.",
                error.Message);
        }

        Compare.Same("weights", before, Samples.Weights(net));
        Assert.Equal(0, net.Step);
        Assert.All(net.Predict(data), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void A_last_batch_of_one_is_trained_on()
    {
        using var net = new NormalizedVectors(batchSize: 2);
        ArrayDataset data = new(Inputs, [4], Targets, [2]);
        Assert.True(double.IsFinite(net.Fit(data, new SGD(), epochs: 1).Epochs[0].Loss));
        Assert.Equal(2, net.Step);
    }

    [Fact]
    public void One_image_has_values_enough_and_what_is_frozen_needs_none()
    {
        using var images = new NormalizedImages(batchSize: 1);
        Assert.True(double.IsFinite(images.TrainOnBatch(Inputs.AsSpan(0, 4), Targets.AsSpan(0, 2), new SGD()).Loss));
        using var frozen = new FrozenNormalizedVectors(batchSize: 1);
        Assert.True(double.IsFinite(frozen.TrainOnBatch(Inputs.AsSpan(0, 4), Targets.AsSpan(0, 2), new SGD()).Loss));
    }

    [Fact]
    public void Moving_statistics_that_have_moved_are_in_the_file()
    {
        using var folder = new TemporaryFolder();
        using var trained = new NormalizedVectors(batchSize: 3, seed: 1);
        for (int step = 0; step < 5; step++)
            trained.TrainOnBatch(Inputs, Targets, new SGD());
        trained.SaveWeights(folder["weights.safetensors"]);
        using var loaded = new NormalizedVectors(batchSize: 3, seed: 2);
        Assert.NotEqual(trained.BatchNormalization1.MovingMean.Span.ToArray(), loaded.BatchNormalization1.MovingMean.Span.ToArray());
        loaded.LoadWeights(folder["weights.safetensors"]);
        Assert.Equal(trained.BatchNormalization1.MovingMean.Span.ToArray(), loaded.BatchNormalization1.MovingMean.Span.ToArray());
        Assert.Equal(trained.BatchNormalization1.MovingVariance.Span.ToArray(), loaded.BatchNormalization1.MovingVariance.Span.ToArray());
        ArrayDataset data = new(Inputs, [4], Targets, [2]);
        Compare.Same("predictions", trained.Predict(data), loaded.Predict(data));
    }
}

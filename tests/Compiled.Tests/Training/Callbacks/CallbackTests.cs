namespace Compiled.Tests;

/// <summary>When callbacks are called, and what they may do.</summary>
public sealed class CallbackTests : IDisposable
{
    private readonly ThreeClasses _net = new(batchSize: 2, seed: 3);

    public void Dispose() => _net.Dispose();

    // Counts from the tests of Keras.
    [Fact]
    public void Hooks_are_called_so_often()
    {
        int trainings = 0, epochs = 0, steps = 0, ends = 0;
        var callback = new LambdaCallback
        {
            TrainBegin = _ => trainings++,
            EpochBegin = (_, epoch) => Assert.Equal(++epochs, epoch),
            BatchBegin = (_, step) => Assert.Equal(steps++ % 5, step - 1),
            BatchEnd = (_, step) => Assert.Equal((epochs, steps), (step.Epoch, ((step.Epoch - 1) * 5) + step.Number)),
            EpochEnd = (_, result) => Assert.Equal(epochs, result.Epoch),
            TrainEnd = (_, history) => ends += history.Epochs.Count,
        };
        _net.Fit(Samples.Classes(10), new SGD(), epochs: 5, validation: Samples.Classes(4), callbacks: [callback]);
        Assert.Equal((1, 5, 25, 5), (trainings, epochs, steps, ends));
        Assert.Equal((0, 5, 5, true), (callback.Parameters!.InitialEpoch, callback.Parameters.Epochs, callback.Parameters.Steps, callback.Parameters.HasValidation));
    }

    [Fact]
    public void A_run_can_be_ended_after_a_step()
    {
        Callback? callback = null;
        callback = new LambdaCallback { BatchEnd = (_, step) => callback!.StopTraining = step is { Epoch: 2, Number: 3 } };
        History history = _net.Fit(Samples.Classes(10), new SGD(), epochs: 5, validation: Samples.Classes(4), callbacks: [callback]);
        Assert.Equal([10, 6], history.Epochs.Select(epoch => epoch.Samples));
        Assert.Equal(8, _net.Step);
        Assert.False(history.Cancelled);
        Assert.NotNull(history.Epochs[1].Validation);
    }

    [Fact]
    public void A_callback_that_uses_the_model_does_not_touch_the_means_of_the_epoch()
    {
        ArrayDataset data = Samples.Classes(10), other = Samples.Classes(6, seed: 4);
        using var alone = new ThreeClasses(batchSize: 2, seed: 3);
        History expected = alone.Fit(data, new SGD(), epochs: 2);
        List<double> means = [];
        var callback = new LambdaCallback
        {
            BatchBegin = (model, _) => model.Evaluate(other),
            BatchEnd = (model, step) =>
            {
                model.Evaluate(other);
                means.Add(step.ReadMeans().Loss);
            },
        };
        History history = _net.Fit(data, new SGD(), epochs: 2, callbacks: [callback]);
        Assert.Equal(expected["loss"], history["loss"]);
        Assert.Equal(expected["accuracy"], history["accuracy"]);
        Assert.Equal(history["loss"], [means[4], means[9]]);
        Compare.Same("weights", Samples.Weights(alone), Samples.Weights(_net));
    }

    [Fact]
    public void A_run_within_a_run_has_means_of_its_own()
    {
        ArrayDataset data = Samples.Classes(10), other = Samples.Classes(6, seed: 4);
        using var alone = new ThreeClasses(batchSize: 2, seed: 3);
        var still = new SGD(0);
        double expected = alone.Fit(data, still, validation: other)["loss"][0], inner = alone.Fit(other, still)["loss"][0];
        List<double> within = [];
        var callback = new LambdaCallback
        {
            BatchEnd = (model, step) =>
            {
                within.Add(model.Fit(other, still, validation: data)["loss"][0]);
                model.Evaluate(other);
            },
        };
        Assert.Equal(expected, _net.Fit(data, still, callbacks: [callback])["loss"][0], 1e-9);
        Assert.Equal(5, within.Count);
        Assert.All(within, loss => Assert.Equal(inner, loss, 1e-9));
    }

    [Fact]
    public void Metrics_are_set_aside_as_well()
    {
        float[] targets = [.. Samples.Inputs(12, 4, 3).Select(value => value > 0 ? 1f : 0f)];
        var data = new ArrayDataset(Samples.Inputs(12, 3, 5), [5], targets, [3]);
        using Monitored alone = new(batchSize: 4, seed: 1), watched = new(batchSize: 4, seed: 1);
        History expected = alone.Fit(data, new SGD());
        History history = watched.Fit(
            data, new SGD(), callbacks: [new LambdaCallback { BatchEnd = (model, _) => model.Evaluate(data.Take(4)) }]);
        Assert.Equal(expected.Epochs[0].Metrics, history.Epochs[0].Metrics);
    }

    [Fact]
    public void A_loss_that_is_no_number_ends_the_run_at_once()
    {
        using var values = new ThreeValues(batchSize: 2);
        var each = new TerminateOnNaN();
        History history = values.Fit(Samples.Values(20), new SGD(1e30), epochs: 9, callbacks: [each]);
        Assert.False(double.IsFinite(Assert.Single(history.Epochs).Loss));
        Assert.InRange(each.TerminatedStep, 2, 4);
        using var again = new ThreeValues(batchSize: 2);
        var some = new TerminateOnNaN(stepsPerCheck: 100);
        Assert.Single(again.Fit(Samples.Values(20), new SGD(1e30), epochs: 9, callbacks: [some]).Epochs);
        Assert.Equal(10, some.TerminatedStep);
    }

    [Fact]
    public void What_a_callback_throws_ends_the_run()
    {
        var callback = new LambdaCallback { BatchEnd = (_, step) => throw new InvalidTimeZoneException($"{step.Number}") };
        Assert.Equal("1", Assert.Throws<InvalidTimeZoneException>(() => _net.Fit(Samples.Classes(4), new SGD(), callbacks: [callback])).Message);
        Assert.Equal(1, _net.Step);
        _net.Fit(Samples.Classes(4), new SGD());
    }

    [Fact]
    public void Validation_may_be_rare()
    {
        History history = _net.Fit(Samples.Classes(4), new SGD(), epochs: 5, validation: Samples.Classes(4), validationFrequency: 2);
        Assert.Equal([false, true, false, true, false], history.Epochs.Select(epoch => epoch.Validation is not null));
        Assert.False(history.Cancelled);
        Assert.False(history.Epochs[0].TryGet("val_loss", out double none));
        Assert.Equal(double.NaN, none);
        Assert.True(history.Epochs[1].TryGet("val_acc", out double accuracy));
        Assert.Equal(history.Epochs[1].Validation!.Value.Accuracy, accuracy);
        Assert.Throws<ArgumentOutOfRangeException>(() => _net.Fit(Samples.Classes(4), new SGD(), validationFrequency: 0));
    }
}

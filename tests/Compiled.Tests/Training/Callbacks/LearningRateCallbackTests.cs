namespace Compiled.Tests;

/// <summary>Learning rates that callbacks set; values from the tests of Keras.</summary>
public sealed class LearningRateCallbackTests : IDisposable
{
    private static readonly double[] Improving = [5, 4, 3, 2, 1];

    private readonly ThreeClasses _net = new(batchSize: 2);

    public void Dispose() => _net.Dispose();

    [Fact]
    public void It_falls_on_a_plateau()
    {
        Assert.Equal(0.01, After(new ReduceLROnPlateau(patience: 1, minDelta: 10, cooldown: 5), Improving), 1e-12);
        Assert.Equal(0.1, After(new ReduceLROnPlateau(patience: 1, minDelta: 0, cooldown: 5), Improving));
        Assert.Equal(0.001, After(new ReduceLROnPlateau(patience: 1, minDelta: 10, cooldown: 2), Improving[..4]), 1e-12);
        Assert.Equal(0.01, After(new ReduceLROnPlateau(patience: 2), .0860, .1096, .1040), 1e-12);
        Assert.Equal(0.1, After(new ReduceLROnPlateau(patience: 2), .0860, .1096));
        Assert.Equal(0.005, After(new ReduceLROnPlateau(patience: 1, minDelta: 10, minLearningRate: 0.005), Improving), 1e-12);
        Assert.Equal(0.025, After(new ReduceLROnPlateau("accuracy", factor: 0.5, patience: 2, minDelta: 0), Improving), 1e-12);
    }

    [Fact]
    public void It_follows_a_function_of_the_epochs_that_are_done()
    {
        var optimizer = new SGD(0.1);
        History history = _net.Fit(
            Samples.Classes(4), optimizer, epochs: 5, callbacks: [new LearningRateScheduler(epochs => 1.0 / (1 + epochs))]);
        Assert.Equal(5, history.Epochs.Count);
        Assert.Equal(0.2, optimizer.LearningRate, 1e-12);
        Assert.Equal([1, 1 / 2.0, 1 / 3.0, 1 / 4.0, 1 / 5.0], history["learning_rate"]);
        _net.Fit(Samples.Classes(4), optimizer, epochs: 3, callbacks: [new LearningRateScheduler((epochs, rate) => epochs == 0 ? rate : rate / 2)]);
        Assert.Equal(0.05, optimizer.LearningRate, 1e-12);
    }

    [Fact]
    public void A_rate_that_is_none_is_an_error()
    {
        var optimizer = new SGD(0.1);
        Assert.Contains(
            "gives a learning rate of -1 for epoch 2",
            Assert.Throws<InvalidOperationException>(() => _net.Fit(
                Samples.Classes(4), optimizer, epochs: 3, callbacks: [new LearningRateScheduler(epochs => epochs == 0 ? 1 : -1)])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_optimizer_with_a_schedule_sets_its_rate_itself()
    {
        foreach (Callback callback in (Callback[])[new ReduceLROnPlateau("loss"), new LearningRateScheduler(_ => 1)])
        {
            Assert.Contains(
                $"{callback.GetType().Name} sets the learning rate, but that of the optimizer follows CosineDecay",
                Assert.Throws<InvalidOperationException>(
                    () => _net.Fit(Samples.Classes(4), new SGD(new CosineDecay(0.1, 10)), callbacks: [callback])).Message,
                StringComparison.Ordinal);
        }
    }

    private double After(ReduceLROnPlateau callback, params double[] values)
    {
        var optimizer = new SGD(0.1);
        Script.Run(callback, _net, optimizer, values);
        return optimizer.LearningRate;
    }
}

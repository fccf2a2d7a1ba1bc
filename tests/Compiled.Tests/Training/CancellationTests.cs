namespace Compiled.Tests;

/// <summary>A cancelled run ends after its step, says so, and leaves a model that goes on.</summary>
public sealed class CancellationTests
{
    private const int Steps = 4;

    [Fact]
    public void A_run_can_be_cancelled_at_every_step()
    {
        ArrayDataset data = Samples.Shapes(30);
        for (int step = 1; step <= 3 * Steps; step++)
        {
            using var cancellation = new CancellationTokenSource();
            using var net = new ThreeShapes(batchSize: 8, seed: 2);
            using var expected = new ThreeShapes(batchSize: 8, seed: 2);
            List<string> log = [];
            var watched = new WatchedDataset(data, batch =>
            {
                if (batch == step)
                    cancellation.Cancel();
            });
            var optimizer = new SGD(0.1, momentum: 0.9);
            History history =
                net.Fit(watched, optimizer, epochs: 3, callbacks: [new Recorder("a", log)], cancellationToken: cancellation.Token);

            // The batch at hand is finished. An epoch that was whole by then counts; the token is seen when the next one begins.
            Assert.Equal(step, net.Step);
            Assert.Equal(step / Steps, history.Epochs.Count);
            Assert.Equal(step < 3 * Steps, history.Cancelled);
            Assert.Equal($"a ends after {step / Steps}", log[^1]);

            var same = new SGD(0.1, momentum: 0.9);
            expected.Fit(data, same, epochs: step, stepsPerEpoch: 1);
            Compare.Same($"weights after {step} steps", Samples.Weights(expected), Samples.Weights(net));

            // It goes on as the one that was never cancelled.
            net.Fit(data, optimizer, epochs: 13, initialEpoch: step, stepsPerEpoch: 1);
            expected.Fit(data, same, epochs: 13, initialEpoch: step, stepsPerEpoch: 1);
            Compare.Same("weights at the end", Samples.Weights(expected), Samples.Weights(net));
        }
    }

    [Fact]
    public void A_run_that_is_cancelled_before_it_begins_trains_nothing()
    {
        using var net = new ThreeClasses(batchSize: 8);
        History history = net.Fit(Samples.Classes(10), new SGD(), cancellationToken: new CancellationToken(canceled: true));
        Assert.True(history.Cancelled);
        Assert.Empty(history.Epochs);
        Assert.Equal(0, net.Step);
    }

    [Fact]
    public void A_run_can_be_cancelled_while_it_validates()
    {
        using var cancellation = new CancellationTokenSource();
        using var net = new ThreeClasses(batchSize: 8);
        var validation = new WatchedDataset(Samples.Classes(30), batch =>
        {
            if (batch == 2)
                cancellation.Cancel();
        });
        History history = net.Fit(Samples.Classes(16), new SGD(), epochs: 2, validation: validation, cancellationToken: cancellation.Token);
        Assert.True(history.Cancelled);
        Assert.Null(Assert.Single(history.Epochs).Validation);
        Assert.Equal(16, history.Epochs[0].Samples);
        Assert.Equal(2, validation.Batches.Count);
        Assert.Equal(2, net.Step);
        Assert.Equal(10, net.Evaluate(Samples.Classes(10)).Count);
    }

    [Fact]
    public void Evaluation_and_prediction_can_be_cancelled()
    {
        using var cancellation = new CancellationTokenSource();
        using var net = new ThreeClasses(batchSize: 4);
        var data = new WatchedDataset(Samples.Classes(30), batch => cancellation.Cancel());
        Assert.Equal(
            cancellation.Token, Assert.Throws<OperationCanceledException>(() => net.Evaluate(data, cancellation.Token)).CancellationToken);
        Assert.Single(data.Batches);
        Assert.Throws<OperationCanceledException>(() => net.Predict(data, cancellation.Token));
        Assert.Equal(30 * 3, net.Predict(Samples.Classes(30)).Length);
    }
}

namespace Compiled.Tests;

/// <summary>What an epoch is made of: which samples, in which order, and what is reported of them.</summary>
public sealed class FitTests
{
    private static readonly string[] LogOfOneRun =
    [
        "a begins", "b begins", "a ends epoch 1", "b ends epoch 1", "a ends epoch 2", "b ends epoch 2", "a ends after 2", "b ends after 2",
    ];

    [Fact]
    public void Validation_does_not_touch_the_training()
    {
        // 8 steps an epoch: 200 in all.
        ArrayDataset train = Samples.Shapes(64), validation = Samples.Shapes(37, seed: 9);
        using var alone = new ThreeShapes(batchSize: 8, seed: 3);
        using var validated = new ThreeShapes(batchSize: 8, seed: 3);
        History without = alone.Fit(train, new Adam(), epochs: 25);
        History with = validated.Fit(train, new Adam(), epochs: 25, validation: validation);

        Compare.Same("weights", Samples.Weights(alone), Samples.Weights(validated));
        Assert.Equal(without["loss"], with["loss"]);
        Assert.Equal(without["accuracy"], with["accuracy"]);
        Assert.Equal(200, validated.Step);
        Assert.Equal(alone.Step, validated.Step);
        Assert.Equal(validated.Evaluate(validation), with.Epochs[^1].Validation);
    }

    [Fact]
    public void A_rerun_gives_the_same_bits()
    {
        using var first = new ThreeShapes(batchSize: 8, seed: 3);
        using var second = new ThreeShapes(batchSize: 8, seed: 3);
        Assert.Equal(
            first.Fit(Samples.Shapes(61), new Adam(), epochs: 5)["loss"], second.Fit(Samples.Shapes(61), new Adam(), epochs: 5)["loss"]);
        Compare.Same("weights", Samples.Weights(first), Samples.Weights(second));
    }

    [Fact]
    public void Without_shuffling_samples_are_read_in_order()
    {
        using var net = new ThreeClasses(batchSize: 4);
        var data = new WatchedDataset(Samples.Classes(10));
        net.Fit(data, new SGD(), epochs: 2, shuffle: false);
        int[] pass = [.. Enumerable.Range(0, 10)];
        Assert.Equal([.. pass, .. pass], data.Read);
        Assert.Equal([4, 4, 2, 4, 4, 2], data.Batches.Select(batch => batch.Length));
    }

    [Fact]
    public void A_further_call_goes_on_with_the_next_pass()
    {
        int[] Read(params int[] calls)
        {
            using var net = new ThreeClasses(batchSize: 4, seed: 1);
            var data = new WatchedDataset(Samples.Classes(10));
            var optimizer = new SGD();
            foreach (int epochs in calls)
                net.Fit(data, optimizer, epochs);
            return data.Read;
        }

        Assert.Equal(Read(3), Read(1, 1, 1));
        Assert.Equal(Read(3), Read(2, 1));
    }

    [Fact]
    public void Shuffling_gives_every_epoch_an_order_of_its_own_that_follows_from_the_seed()
    {
        int[] Read(ulong seed)
        {
            using var net = new ThreeClasses(batchSize: 4, seed: seed);
            var data = new WatchedDataset(Samples.Classes(50));
            net.Fit(data, new SGD(), epochs: 3);
            return data.Read;
        }

        int[] read = Read(seed: 1);
        int[][] epochs = [read[..50], read[50..100], read[100..]];
        Assert.All(epochs, epoch => Assert.Equal(Enumerable.Range(0, 50), epoch.Order()));
        Assert.Equal(3, epochs.Select(epoch => string.Join(' ', epoch)).Distinct().Count());
        Assert.Equal(read, Read(seed: 1));
        Assert.NotEqual(read, Read(seed: 2));
    }

    [Theory]
    [InlineData(2, 5)]
    [InlineData(3, 4)]
    [InlineData(7, 3)]
    public void Epochs_of_any_number_of_steps_go_on_in_one_stream(int stepsPerEpoch, int epochs)
    {
        using var cut = new ThreeClasses(batchSize: 4);
        using var whole = new ThreeClasses(batchSize: 4);
        var data = new WatchedDataset(Samples.Classes(10));
        var stream = new WatchedDataset(Samples.Classes(10));
        History history = cut.Fit(data, new SGD(), epochs, stepsPerEpoch: stepsPerEpoch);
        whole.Fit(stream, new SGD(), epochs: 20);

        Assert.Equal(stepsPerEpoch * epochs, data.Batches.Count);
        Assert.Equal(stream.Batches.Take(data.Batches.Count), data.Batches);
        IEnumerable<long> samples = data.Batches.Chunk(stepsPerEpoch).Select(epoch => (long)epoch.Sum(batch => batch.Length));
        Assert.Equal(samples, history.Epochs.Select(epoch => epoch.Samples));
    }

    [Fact]
    public void Means_are_over_samples_and_the_last_batch_counts_as_what_it_has()
    {
        // Nothing is learned and nothing is dropped, so an epoch sees what an evaluation sees. Three samples in the last batch.
        ArrayDataset data = Samples.Classes(11);
        using var net = new ThreeClasses(batchSize: 8);
        EpochResult epoch = Assert.Single(net.Fit(data, new SGD(learningRate: 0)).Epochs);
        (double loss, double accuracy) = Recount.Classification(net, data);
        Assert.Equal(loss, epoch.Loss, 1e-6);
        Assert.Equal(accuracy, epoch.Accuracy, 1e-12);
        Assert.Equal(11, epoch.Samples);
    }

    [Fact]
    public void A_run_in_two_parts_ends_where_an_unbroken_one_does()
    {
        ArrayDataset data = Samples.Shapes(30);
        using var unbroken = new ThreeShapes(batchSize: 8, seed: 5);
        using var broken = new ThreeShapes(batchSize: 8, seed: 5);
        History all = unbroken.Fit(data, new SGD(0.1, momentum: 0.9), epochs: 5);
        var optimizer = new SGD(0.1, momentum: 0.9);
        broken.Fit(data, optimizer, epochs: 2);
        History rest = broken.Fit(data, optimizer, epochs: 5, initialEpoch: 2);

        Compare.Same("weights", Samples.Weights(unbroken), Samples.Weights(broken));
        Assert.Equal([3, 4, 5], rest.Epochs.Select(epoch => epoch.Epoch));
        Assert.Equal(all["loss"].Skip(2), rest["loss"]);
    }

    [Fact]
    public void A_new_model_with_the_weights_of_an_old_one_goes_on_where_that_stopped()
    {
        using var folder = new TemporaryFolder();
        ArrayDataset data = Samples.Classes(30);
        using var unbroken = new ThreeClasses(batchSize: 8, seed: 5);
        unbroken.Fit(data, new SGD(0.1), epochs: 6, stepsPerEpoch: 3);
        using (var first = new ThreeClasses(batchSize: 8, seed: 5))
        {
            first.Fit(data, new SGD(0.1), epochs: 2, stepsPerEpoch: 3);
            first.SaveWeights(folder["weights"]);
        }

        using var second = new ThreeClasses(batchSize: 8, seed: 5);
        second.LoadWeights(folder["weights"]);
        second.Fit(data, new SGD(0.1), epochs: 6, initialEpoch: 2, stepsPerEpoch: 3);
        Compare.Same("weights", Samples.Weights(unbroken), Samples.Weights(second));
    }

    [Fact]
    public void Nothing_is_trained_when_all_epochs_are_done()
    {
        using var net = new ThreeClasses(batchSize: 8);
        Assert.Empty(net.Fit(Samples.Classes(10), new SGD(), epochs: 3, initialEpoch: 3).Epochs);
        Assert.Equal(0, net.Step);
    }

    [Fact]
    public void Callbacks_are_called_in_their_order()
    {
        List<string> log = [];
        using var net = new ThreeClasses(batchSize: 8);
        net.Fit(Samples.Classes(10), new SGD(), epochs: 2, callbacks: [new Recorder("a", log), new Recorder("b", log)]);
        Assert.Equal(LogOfOneRun, log);
    }

    [Fact]
    public void A_callback_sees_the_validation_and_may_use_the_model()
    {
        ArrayDataset data = Samples.Classes(30), validation = Samples.Classes(13, seed: 4);
        List<Evaluation> seen = [];
        using var net = new ThreeClasses(batchSize: 8);
        using var plain = new ThreeClasses(batchSize: 8);
        History history = net.Fit(data, new SGD(), epochs: 3, validation: validation, callbacks:
        [
            new Recorder("a", [], (model, result) =>
            {
                seen.Add(model.Evaluate(validation));
                _ = model.Predict(data);
                return result.Validation is null;
            }),
        ]);
        History undisturbed = plain.Fit(data, new SGD(), epochs: 3, validation: validation);

        Assert.Equal(history.Epochs.Select(epoch => epoch.Validation!.Value), seen);
        Assert.Equal(undisturbed["loss"], history["loss"]);
        Compare.Same("weights", Samples.Weights(plain), Samples.Weights(net));
    }

    [Fact]
    public void A_callback_ends_the_run_after_its_epoch_and_may_serve_the_next_run()
    {
        List<string> log = [];
        using var net = new ThreeClasses(batchSize: 8);
        var callback = new Recorder("a", log, (_, result) => result.Epoch == 2);
        History history = net.Fit(Samples.Classes(10), new SGD(), epochs: 9, callbacks: [callback]);
        Assert.Equal(2, history.Epochs.Count);
        Assert.False(history.Cancelled);
        Assert.True(callback.StopTraining);
        Assert.Equal("a ends after 2", log[^1]);

        Assert.Equal(2, net.Fit(Samples.Classes(10), new SGD(), epochs: 9, callbacks: [callback]).Epochs.Count);
    }

    [Fact]
    public void A_callback_that_throws_ends_the_run_and_leaves_a_usable_model()
    {
        using var net = new ThreeClasses(batchSize: 8);
        var callback = new Recorder("a", [], (_, _) => throw new TimeoutException("mine"));
        Assert.Throws<TimeoutException>(() => net.Fit(Samples.Classes(10), new SGD(), epochs: 2, callbacks: [callback]));
        Assert.Single(net.Fit(Samples.Classes(10), new SGD()).Epochs);
    }

    [Fact]
    public void Progress_is_reported_on_the_training_thread_and_ends_with_the_epoch()
    {
        List<TrainingProgress> reports = [];
        int thread = Environment.CurrentManagedThreadId;
        using var net = new ThreeClasses(batchSize: 4);
        History history = net.Fit(Samples.Classes(10), new SGD(), epochs: 2, progress: new Listener(report =>
        {
            Assert.Equal(thread, Environment.CurrentManagedThreadId);
            reports.Add(report);
        }));

        TrainingProgress[] last = [.. reports.Where(report => report.Step == report.Steps)];
        Assert.Equal([1, 2], last.Select(report => report.Epoch));
        Assert.Equal(history["loss"], last.Select(report => report.Loss));
        Assert.Equal(history["accuracy"], last.Select(report => report.Accuracy));
        Assert.All(reports, report => Assert.True(report is { Epochs: 2, Steps: 3, Step: >= 1 and <= 3 }));
    }

    [Fact]
    public void Whoever_is_told_of_the_progress_may_evaluate_the_model()
    {
        ArrayDataset data = Samples.Shapes(30), other = Samples.Shapes(5, seed: 8);
        using var asked = new ThreeShapes(batchSize: 8);
        using var plain = new ThreeShapes(batchSize: 8);
        // The last step of each epoch is always reported.
        History history = asked.Fit(data, new SGD(), epochs: 3, progress: new Listener(_ => asked.Evaluate(other)));
        Assert.Equal(plain.Fit(data, new SGD(), epochs: 3)["loss"], history["loss"]);
        Compare.Same("weights", Samples.Weights(plain), Samples.Weights(asked));
    }

    [Fact]
    public void What_makes_no_sense_is_refused_before_anything_is_trained()
    {
        ArrayDataset data = Samples.Classes(10);
        using var net = new ThreeClasses(batchSize: 4);
        Assert.Throws<ArgumentNullException>(() => net.Fit(null!, new SGD()));
        Assert.Throws<ArgumentNullException>(() => net.Fit(data, null!));
        Assert.Throws<ArgumentNullException>(() => net.Fit(data, new SGD(), callbacks: [null!]));
        Assert.Throws<ArgumentOutOfRangeException>(() => net.Fit(data, new SGD(), epochs: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => net.Fit(data, new SGD(), initialEpoch: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => net.Fit(data, new SGD(), stepsPerEpoch: 0));
        Assert.Equal(0, net.Step);
    }

    private sealed class Listener(Action<TrainingProgress> told) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => told(value);
    }
}

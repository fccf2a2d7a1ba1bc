namespace Compiled.Tests;

/// <summary>Wrong arguments: each is refused with words that help, nothing is changed, and the model goes on.</summary>
public sealed class ArgumentTests : IDisposable
{
    private static readonly float[] Inputs = Samples.Inputs(4, 1, 5);
    private static readonly float[] Targets = Samples.OneHot([0, 1, 2, 0], 3);
    private static readonly int[] ClassIds = [0, 1, 2, 0];

    private readonly ThreeClasses _net = new(batchSize: 4);
    private readonly ThreeClassesByNumber _byNumber = new(batchSize: 4);
    private readonly SGD _optimizer = new();

    public void Dispose()
    {
        // Whatever a test did, the models are as they were made, and usable.
        using var fresh = new ThreeClasses(batchSize: 4);
        Compare.Same("weights", Samples.Weights(fresh), Samples.Weights(_net));
        Assert.Equal(0, _net.Step);
        _net.TrainOnBatch(Inputs, ClassIds, _optimizer);
        _byNumber.TrainOnBatch(Inputs, ClassIds, _optimizer);
        _net.Dispose();
        _byNumber.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(6)]
    [InlineData(19)]
    public void Inputs_are_a_whole_number_of_samples(int length)
    {
        string rule = $"Inputs of 5 have 5 elements each; {length} are not a whole number of them.";
        Refused(rule, () => _net.TrainOnBatch(new float[length], Targets, _optimizer));
        Refused(rule, () => _net.TrainOnBatch(new float[length], ClassIds, _optimizer));
        Refused(rule, () => _net.ComputeGradients(new float[length], Targets));
        Refused(rule, () => _net.TestOnBatch(new float[length], ClassIds));
        Refused(rule, () => _net.PredictOnBatch(new float[length], new float[12]));
    }

    [Fact]
    public void A_batch_larger_than_the_model_was_made_for_is_refused()
    {
        string rule = "5 samples do not fit the batch size 4 that this model was made for. Pass fewer, or make it with batchSize: 5.";
        Refused(rule, () => _net.TrainOnBatch(new float[25], new float[15], _optimizer));
        Refused(rule, () => _net.TrainOnBatch(new float[25], new int[5], _optimizer));
        Refused(rule, () => _net.PredictOnBatch(new float[25], new float[15]));
    }

    [Fact]
    public void Targets_are_as_many_as_inputs()
    {
        Refused("4 targets of 3 have 12 elements; 11 were given.", () => _net.TrainOnBatch(Inputs, new float[11], _optimizer));
        Refused("4 targets of 3 have 12 elements; 0 were given.", () => _net.TestOnBatch(Inputs, ReadOnlySpan<float>.Empty));
        Refused("4 samples need 4 class numbers; 5 were given.", () => _net.TrainOnBatch(Inputs, new int[5], _optimizer));
        Refused("4 samples need 4 class numbers; 3 were given.", () => _byNumber.ComputeGradients(Inputs, new int[3]));
        Refused("4 predictions of 3 have 12 elements; the span has 13.", () => _net.PredictOnBatch(Inputs, new float[13]));
        Refused("The targets of 'ThreeClassesByNumber' are class numbers: pass a span of int.",
            () => _byNumber.TrainOnBatch(Inputs, Targets, _optimizer));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Class_numbers_are_below_the_number_of_classes(int classId)
    {
        Refused($"Class {classId} is out of range: 'ThreeClasses' has the classes 0 to 2.",
            () => _net.TrainOnBatch(Inputs, new[] { 0, 1, classId, 2 }, _optimizer));
        Refused($"Class {classId} is out of range: 'ThreeClassesByNumber' has the classes 0 to 2.",
            () => _byNumber.TestOnBatch(Inputs, new[] { 0, 1, classId, 2 }));
    }

    [Fact]
    public void A_data_set_has_the_shapes_of_the_model()
    {
        Refused("The data set is empty.", () => _net.Fit(Samples.Classes(3).Take(0), _optimizer));
        Refused("The data set is empty.", () => _net.Evaluate(Samples.Classes(3).Take(0)));
        Refused("The data set is empty.", () => _net.Predict(Samples.Classes(3).Take(0)));
        Refused("The inputs of the data set are 6×6×2; 'ThreeClasses' takes 5.", () => _net.Fit(Samples.Shapes(3), _optimizer));
        Refused("The inputs of the data set are 6×6×2; 'ThreeClasses' takes 5.", () => _net.Predict(Samples.Shapes(3)));
        Refused("The data set has 4 classes; 'ThreeClasses' predicts 3.", () => _net.Evaluate(Samples.Classes(9, classes: 4)));
        Refused("The targets of the data set are 2; 'ThreeClasses' takes 3.",
            () => _net.Evaluate(new ArrayDataset(Inputs, [5], new float[8], [2])));
        Refused("The targets of the data set are floats; 'ThreeClassesByNumber' takes class numbers.",
            () => _byNumber.Evaluate(Samples.Values(3)));
        Refused("(Parameter 'validation')", () => _net.Fit(Samples.Classes(3), _optimizer, validation: Samples.Shapes(3)));
        Assert.Throws<ArgumentNullException>(() => _net.Evaluate(null!));
        Assert.Throws<ArgumentNullException>(() => _net.Predict(null!));
        Assert.Throws<ArgumentNullException>(() => _net.TrainOnBatch(Inputs, Targets, null!));
        Assert.Throws<ArgumentNullException>(() => _net.TrainOnBatch(Inputs, ClassIds, null!));
    }

    [Fact]
    public void A_data_set_that_fails_ends_the_run_with_its_own_exception()
    {
        var failing = new WatchedDataset(Samples.Classes(8), _ => throw new TimeoutException("mine"));
        Assert.Equal("mine", Assert.Throws<TimeoutException>(() => _net.Fit(failing, _optimizer)).Message);
        Assert.Throws<TimeoutException>(() => _net.Evaluate(failing));
        Assert.Throws<TimeoutException>(() => _net.Predict(failing));
    }

    [Fact]
    public void Class_numbers_that_change_after_they_were_checked_reach_no_foreign_memory()
    {
        int[] classIds = [0, 1, 2, 0];
        var data = new ArrayDataset(Inputs, [5], classIds, 3);
        foreach (int wrong in (int[])[-1, 3, 12, int.MinValue, int.MaxValue])
        {
            classIds[3] = wrong;
            string rule = $"Sample 3 has class {wrong} by now; classes are 0 to 2.";
            Assert.Equal(rule, Assert.Throws<InvalidOperationException>(() => _net.Fit(data, _optimizer)).Message);
            Assert.Equal(rule, Assert.Throws<InvalidOperationException>(() => _byNumber.Fit(data, _optimizer)).Message);

            // A data set of the user's that does not look.
            using var byNumber = new ThreeClassesByNumber(batchSize: 4);
            var careless = new Careless(wrong);
            Assert.True(double.IsNaN(byNumber.Evaluate(careless).Loss));
            Assert.True(double.IsNaN(byNumber.Fit(careless, new SGD()).Epochs[0].Loss));
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.MaxValue)]
    public void Numbers_that_are_none_make_the_loss_none_and_nothing_else(float value)
    {
        float[] inputs = [.. Inputs];
        inputs[7] = value;
        using var net = new ThreeShapes(batchSize: 4);
        using var dense = new ThreeClasses(batchSize: 4);
        float[] images = [.. Samples.Inputs(4, 1, 6, 6, 2)];
        images[40] = value;
        for (int step = 0; step < 3; step++)
        {
            dense.TrainOnBatch(inputs, ClassIds, new Adam());
            net.TrainOnBatch(images, ClassIds, new Adam());
        }

        if (float.IsNaN(value))
            Assert.True(double.IsNaN(dense.TestOnBatch(inputs, ClassIds).Loss) && double.IsNaN(net.TestOnBatch(images, ClassIds).Loss));
        Assert.Equal(3, net.Step);
    }

    [Fact]
    public void A_model_has_a_batch()
    {
        foreach (int batchSize in (int[])[0, -1, int.MinValue])
            Assert.Throws<ArgumentOutOfRangeException>(() => new ThreeClasses(batchSize: batchSize));
    }

    [Fact]
    public void A_batch_that_no_number_or_no_span_can_measure_is_refused()
    {
        Refused("overflow 64 bits", () => _ = new LongestSamples(batchSize: int.MaxValue));
        // Memory that is not touched costs nothing, so most machines get as far as the span.
        var fault = Assert.ThrowsAny<Exception>(() => new LongSamples(batchSize: 22));
        if (fault is not CompiledException { Status: CompiledStatus.OutOfMemory })
            Refused("with 100,000,000 a sample, a batch size of 21.", () => throw fault);
    }

    [Fact]
    public void A_model_that_is_in_use_is_refused_to_other_threads()
    {
        using var net = new ThreeClasses(batchSize: 4);
        using var inside = new ManualResetEventSlim();
        using var leave = new ManualResetEventSlim();
        var data = new WatchedDataset(Samples.Classes(4), _ =>
        {
            inside.Set();
            leave.Wait(TimeSpan.FromSeconds(20));
        });
        var thread = new Thread(() => net.Fit(data, new SGD()));
        thread.Start();
        inside.Wait();
        Action[] uses =
        [
            () => net.Fit(Samples.Classes(4), new SGD()), () => net.Evaluate(Samples.Classes(4)), () => net.Predict(Samples.Classes(4)),
            () => net.TrainOnBatch(Inputs, ClassIds, new SGD()), () => net.TestOnBatch(Inputs, Targets),
            () => net.ComputeGradients(Inputs, Targets),
            () => net.PredictOnBatch(Inputs, new float[12]), () => net.SaveWeights("none"),
        ];
        foreach (Action use in uses)
        {
            Assert.Equal(
                "'ThreeClasses' is in use on another thread. A model runs one call at a time: wait for it, or make a second model.",
                Assert.Throws<InvalidOperationException>(use).Message);
        }

        leave.Set();
        thread.Join();
        Assert.Equal(1, net.Step);
        net.TrainOnBatch(Inputs, ClassIds, new SGD());
    }

    /// <summary>One class number for all samples, right or wrong.</summary>
    private sealed class Careless(int classId) : Dataset
    {
        public override int Count => 4;

        public override IReadOnlyList<int> InputShape => [5];

        public override IReadOnlyList<int> TargetShape => [];

        public override int ClassCount => 3;

        public override void ReadInputs(ReadOnlySpan<int> indices, Span<float> inputs) => inputs.Clear();

        public override void ReadTargets(ReadOnlySpan<int> indices, Span<float> targets) => throw new NotSupportedException();

        public override void ReadClassIds(ReadOnlySpan<int> indices, Span<int> classIds) => classIds.Fill(classId);
    }

    private static void Refused(string rule, Action use) =>
        Assert.Contains(rule, Assert.ThrowsAny<ArgumentException>(use).Message, StringComparison.Ordinal);
}

namespace Compiled.Tests;

/// <summary>Normalizations before and in a residual addition: in prediction all of them are multiplied into convolutions.</summary>
[Model]
[Input(7, 6, 3)]
[Conv2D(5, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU(Name = "shortcut")]
[Conv2D(5, 3, Padding = Padding.Same), BatchNormalization, Add("shortcut"), ReLU]
[DepthwiseConv2D(3), BatchNormalization(Momentum = 0.5), ReLU]
[Flatten, Dense(40), BatchNormalization, Tanh, Dense(3), Softmax, SparseCategoricalCrossentropy]
public partial class FoldingNet;

/// <summary>The same, layer by layer.</summary>
[Model(Fusion = Fusion.None)]
[Input(7, 6, 3)]
[Conv2D(5, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU(Name = "shortcut")]
[Conv2D(5, 3, Padding = Padding.Same), BatchNormalization, Add("shortcut"), ReLU]
[DepthwiseConv2D(3), BatchNormalization(Momentum = 0.5), ReLU]
[Flatten, Dense(40), BatchNormalization, Tanh, Dense(3), Softmax, SparseCategoricalCrossentropy]
public sealed partial class PlainFoldingNet;

/// <summary>Weights that prediction multiplies normalizations into: made anew when they have to be, and only then.</summary>
public sealed class FoldedWeightsTests
{
    private const int Rows = 4;

    /// <summary>One in which they have memory of their own, and one in which they share that of training.</summary>
    public static readonly int[] BatchSizes = [Rows, 40];

    private static readonly float[] Inputs = Samples.Inputs(Rows, 1, 7, 6, 3);
    private static readonly int[] ClassIds = Samples.ClassIds(Rows, 1, 3);

    private static readonly (string Name, Action<Model> Change)[] Changes =
    [
        ("a training step", model => model.TrainOnBatch(Inputs, ClassIds, new SGD(0.1))),
        ("gradients, which move the moving statistics", model => model.ComputeGradients(Inputs, ClassIds)),
        ("an update", model => model.ApplyGradients(new SGD(0.1))),
        ("epochs", model => model.Fit(Data(), new SGD(0.1), epochs: 2)),
        ("a file", LoadOtherWeights),
        ("a span", model => Weight(model, "batch_normalization_2/gamma").Span[1] = 3),
    ];

    public static MatrixTheoryData<string, int> Models => new(Target.All.Select(target => target.ToString()), BatchSizes);

    [Theory]
    [MemberData(nameof(Models))]
    public void Predictions_follow_whatever_changes_weights(string target, int batchSize)
    {
        using Device device = Target.Named(target).MakeDevice();
        using var fused = new FoldingNet(device, batchSize, seed: 5);
        using var plain = new PlainFoldingNet(device, batchSize, seed: 5);
        float[] before = RequireSamePredictions("at first", fused, plain);
        foreach ((string name, Action<Model> change) in Changes)
        {
            change(fused);
            change(plain);
            float[] after = RequireSamePredictions(name, fused, plain);
            Assert.NotEqual(before, after);
            before = after;
        }
    }

    [Fact]
    public void A_span_that_is_kept_may_be_written_at_any_time()
    {
        using Device device = Device.Cpu(1);
        using var net = new FoldingNet(device, Rows);
        Span<float> gamma = Weight(net, "batch_normalization_1/gamma").Span;
        float[] before = Predict(net);
        gamma.Fill(2);
        float[] after = Predict(net);
        Assert.NotEqual(before, after);
        gamma.Fill(1);
        Assert.Equal(before, Predict(net));
    }

    [Fact]
    public void They_are_made_once_as_long_as_weights_stay_as_they_are()
    {
        using Device device = Device.Cpu(1);
        using var net = new CountingNet(device, Rows);
        Predict(net);
        Predict(net);
        net.TestOnBatch(Inputs, ClassIds);
        net.Predict(Data());
        Assert.Equal(1, net.Folds);
        net.TrainOnBatch(Inputs, ClassIds, new Adam());
        Assert.Equal(1, net.Folds);
        net.Evaluate(Data());
        Predict(net);
        Assert.Equal(2, net.Folds);
        _ = Weight(net, "conv2d_1/kernel").Span;
        Predict(net);
        Predict(net);
        Assert.Equal(4, net.Folds);
    }

    private static ArrayDataset Data() => new(Samples.Inputs(11, 2, 7, 6, 3), [7, 6, 3], Samples.ClassIds(11, 2, 3), 3);

    private static Weight Weight(Model model, string name) => model.Weights.First(weight => weight.Name == name);

    private static void LoadOtherWeights(Model model)
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "other.safetensors");
        using (var other = new FoldingNet(model.Device, Rows, seed: 6))
            other.SaveWeights(path);
        model.LoadWeights(path);
    }

    private static float[] RequireSamePredictions(string when, FoldingNet fused, PlainFoldingNet plain)
    {
        float[] expected = Predict(plain);
        float[] actual = Predict(fused);
        Compare.Close(when, expected, actual, 1e-4, 1e-5);
        Assert.Equal(plain.TestOnBatch(Inputs, ClassIds).Loss, fused.TestOnBatch(Inputs, ClassIds).Loss, 1e-4);
        return actual;
    }

    private static float[] Predict(Model model)
    {
        float[] predictions = new float[Rows * 3];
        model.PredictOnBatch(Inputs, predictions);
        return predictions;
    }

    private sealed class CountingNet(Device device, int batchSize) : FoldingNet(device, batchSize)
    {
        public int Folds { get; private set; }

        protected override void FoldCore()
        {
            Folds++;
            base.FoldCore();
        }
    }
}

using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Whole models that are trained by each optimizer go where the reference goes.</summary>
public sealed class OptimizerTrainingTests
{
    private const int Steps = 4; // the first op by op, the second recorded, the others repeated

    // Without a bias before the normalization, whose gradient would be nothing but rounding; its statistics are not the optimizer's.
    private static readonly Network Classifier = new(
        [6, 5, 2],
        [
            new Conv2DLayer(5, new Window2D(3, 3, 1, 1, Same: true), UseBias: false), new BatchNormalizationLayer(),
            new ActivationLayer("tanh"), new AveragePooling2DLayer(new Window2D(2, 2, 2, 2, Same: false)), new FlattenLayer(),
            new DenseLayer(4), new ActivationLayer("softmax"),
        ],
        "categorical_crossentropy");

    private static readonly Lazy<(Type Fused, Type Unfused)> Types = new(() => NetworkTrial.Compile([new(Classifier, BatchSize: 4, Rows: 4)])[0]);

    public static TheoryData<string> Kinds => OptimizerTwin.Names;

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_model_is_trained_as_the_reference(string name)
    {
        TrialData data = TrialData.Of(Classifier, rows: 3, seed: 1);
        (double[][] expected, double[][] averages) = OfReference(name, data);
        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice();
            using Model model = ModelCompiler.Create(Types.Value.Fused, device, batchSize: 4, seed: 1);
            for (int i = 0; i < data.Weights.Count; i++)
                data.Weights[i].ToFloats().CopyTo(model.Weights[i].Span);
            Optimizer optimizer = OptimizerTwin.Make(name);
            for (int step = 0; step < Steps; step++)
                model.TrainOnBatch(data.Inputs.ToFloats(), data.Targets.ToFloats(), optimizer);

            Check($"{target}: weight", expected, model);
            if (!optimizer.UseEma)
                continue;
            using (model.UseAverages())
                Check($"{target}: average", averages, model);
            Check($"{target}: weight", expected, model);
        }
    }

    private static void Check(string what, double[][] expected, Model model)
    {
        for (int i = 0; i < expected.Length; i++)
            Compare.Close($"{what} {model.Weights[i].Name}", expected[i], model.Weights[i].Span, 2e-5, 2e-5);
    }

    /// <summary>The weights after all steps, and where there are averages, they in their place.</summary>
    private static (double[][] Weights, double[][] Averages) OfReference(string name, TrialData data)
    {
        Tensor[] weights = [.. data.Weights.Select(weight => weight.Map(value => value))];
        var model = new ReferenceModel(Classifier, weights, (_, _, _) => 0);
        int[] trained = [.. Classifier.Weights().Select((pair, i) => (pair.Weight.Trainable, i)).Where(pair => pair.Trainable).Select(pair => pair.i)];
        Assert.Equal(5, trained.Length);
        (Updater updater, MovingWeights[] averages) = OptimizerTwin.Updater(OptimizerTwin.Make(name), [.. trained.Select(i => weights[i])]);
        for (int step = 0; step < Steps; step++)
        {
            (_, IReadOnlyList<Tensor> gradients) = model.Differentiate(data.Inputs, data.Targets);
            updater.Step([.. trained.Select(i => gradients[i])]);
        }

        double[][] values = [.. weights.Select(weight => weight.Values)];
        double[][] averaged = [.. values];
        for (int i = 0; i < averages.Length; i++)
            averaged[trained[i]] = averages[i].Average;
        return (values, averaged);
    }
}

using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Whole models with penalties, constraints and layers that do not learn: fused as unfused as the reference, on every target.</summary>
public sealed class WeightRuleTests
{
    private static readonly Window2D Same3 = new(3, 3, 1, 1, Same: true);
    private static readonly Window2D Halving = new(2, 2, 2, 2, Same: false);
    private static readonly ActivationLayer ReLU = new("relu");
    private static readonly ActivationLayer Softmax = new("softmax");
    private static readonly WeightRule Decay = new(L2: 0.05);

    private static readonly (string Name, Network Network)[] Cases =
    [
        ("penalties of all weights", Of([6, 5, 2],
            new Conv2DLayer(4, Same3) { Kernel = Decay, Bias = new(L1: 0.02) }, ReLU, new MaxPooling2DLayer(Halving), new FlattenLayer(),
            new DenseLayer(3) { Kernel = new(L1: 0.01, L2: 0.03) })),
        ("penalties of some weights, in a loss of many values", Of("categorical_crossentropy", [3, 5],
            new DenseLayer(6), new ActivationLayer("tanh"), new DenseLayer(4) { Kernel = Decay }, Softmax)),
        ("constraints of every kind", Of([6, 5, 2],
            new Conv2DLayer(4, Same3) { Kernel = new(Constraint: "MaxNorm", Maximum: 0.5), Bias = new(Constraint: "NonNeg") }, ReLU,
            new Conv2DTransposeLayer(3, Halving) { Kernel = new(Constraint: "UnitNorm"), Bias = new(Constraint: "MaxNorm", Maximum: 0.1) },
            new SeparableConv2DLayer(3, Same3, 2) { Kernel = new(Constraint: "MinMaxNorm", Maximum: 0.75, Minimum: 0.5, Rate: 0.5) },
            new DepthwiseConv2DLayer(Same3, 2) { Kernel = new(Constraint: "MaxNorm") }, new FlattenLayer(),
            new DenseLayer(3) { Kernel = new(Constraint: "NonNeg") })),
        ("penalties and constraints of normalizations", Of([4, 3, 5],
            new Conv2DLayer(6, Same3, UseBias: false),
            new BatchNormalizationLayer { Gamma = new(L2: 0.1, Constraint: "UnitNorm"), Beta = new(L1: 0.05) }, ReLU,
            new LayerNormalizationLayer { Gamma = new(Constraint: "MaxNorm", Maximum: 0.5), Beta = Decay }, new FlattenLayer(), new DenseLayer(3))),
        ("first layers that do not learn", Of("categorical_crossentropy", [8, 7, 3],
            new Conv2DLayer(4, Same3) { Trainable = false }, ReLU, new MaxPooling2DLayer(Halving), new DropoutLayer(0.25),
            new Conv2DLayer(5, Same3) { Trainable = false }, new BatchNormalizationLayer(Trainable: false), ReLU, new FlattenLayer(),
            new DenseLayer(6) { Kernel = new(L2: 0.05, Constraint: "MaxNorm", Maximum: 0.75) }, ReLU, new DenseLayer(3) { Kernel = Decay }, Softmax)),
        ("layers that do not learn behind one that does", Of([8, 7, 3],
            new Conv2DLayer(6, Same3), ReLU, new Conv2DLayer(4, Same3) { Trainable = false, Kernel = Decay }, ReLU, new MaxPooling2DLayer(Halving),
            new DropoutLayer(0.25), new Conv2DLayer(16, new Window2D(2, 2, 1, 1, Same: false), Groups: 2) { Trainable = false },
            new ActivationLayer("tanh"), new FlattenLayer(), new DenseLayer(9) { Trainable = false }, new ActivationLayer("sigmoid"),
            new DropoutLayer(0.5), new DenseLayer(4))),
        ("a listed gradient of a kernel that does not learn", Of([8, 8, 2],
            new Conv2DLayer(16, Same3), new Conv2DLayer(16, Same3) { Trainable = false }, ReLU, new MaxPooling2DLayer(Halving), new FlattenLayer(),
            new DenseLayer(2))),
        ("all other layers that do not learn", Of([6, 5, 4],
            new DepthwiseConv2DLayer(Same3, 2), ReLU, new DepthwiseConv2DLayer(Same3, 1) { Trainable = false }, new ActivationLayer("tanh"),
            new SeparableConv2DLayer(5, Same3, 2) { Trainable = false }, new LayerNormalizationLayer(Trainable: false),
            new Conv2DTransposeLayer(3, Halving) { Trainable = false }, new ActivationLayer("tanh"),
            new Conv2DTransposeLayer(2, Same3) { Trainable = false }, new AveragePooling2DLayer(Halving), new FlattenLayer(), new DenseLayer(2))),
        ("a network that does not learn at all", Of([4],
            new DenseLayer(5) { Trainable = false, Kernel = Decay }, ReLU, new ActivityRegularizationLayer(L2: 0.1),
            new DenseLayer(2) { Trainable = false })),
        ("a branch that does not learn", Of([5, 5, 3],
            new Conv2DLayer(4, Same3), ReLU, new Conv2DLayer(4, Same3) { Trainable = false }, new BatchNormalizationLayer(),
            new AddLayer { Others = [2] }, ReLU)),
        ("penalties of values", Of([5, 4, 3],
            new ActivityRegularizationLayer(0.1, 0.1), new Conv2DLayer(4, Same3), ReLU, new ActivityRegularizationLayer(0.01, 0.02),
            new MaxPooling2DLayer(Halving), new FlattenLayer(), new DenseLayer(5), new ActivityRegularizationLayer(L2: 0.03),
            new ActivityRegularizationLayer(), new DenseLayer(3))),
        ("a penalty of a value that others read, and of what a pooling trims", Of("categorical_crossentropy", [5, 5, 2],
            new Conv2DLayer(3, Same3), new ActivityRegularizationLayer(L2: 0.05), new MaxPooling2DLayer(Halving), new FlattenLayer(),
            new ReshapeLayer(4, 3), new ActivityRegularizationLayer(0.02), new AddLayer { Others = [5] }, new DenseLayer(3), Softmax)),
    ];

    public static TheoryData<string> Names => new(Cases.Select(entry => entry.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_network_computes_what_the_reference_does(string name) =>
        NetworkTrial.Require(Cases.Single(entry => entry.Name == name).Network);

    /// <summary>Averages are of the weights before their constraints, whose norms the rule has changed.</summary>
    [Fact]
    public void Averages_are_taken_before_constraints()
    {
        const int Steps = 4; // the first op by op, the second recorded, the others repeated
        var network = new Network(
            [5],
            [
                new DenseLayer(4) { Kernel = new(L2: 0.1, Constraint: "MaxNorm", Maximum: 0.5), Bias = new(Constraint: "NonNeg") },
                new ActivationLayer("tanh"), new DenseLayer(3) { Trainable = false }, new DenseLayer(2) { Kernel = new(Constraint: "UnitNorm") },
            ],
            "mean_squared_error");
        var trial = new NetworkTrial(network, BatchSize: 4, Rows: 3);
        (Type fused, _) = NetworkTrial.Compile([trial])[0];
        TrialData data = TrialData.Of(network, rows: 3, seed: 1);
        Tensor[] weights = [.. data.Weights.Select(weight => weight.Map(value => value))];
        var reference = new ReferenceModel(network, weights, (_, _, _) => 0);
        LayerWeight[] plans = [.. network.Weights().Select(pair => pair.Weight)];
        int[] trained = [.. Enumerable.Range(0, plans.Length).Where(i => plans[i].Trainable)];
        MovingWeights[] averages = [.. trained.Select(_ => new MovingWeights(0.75, null))];
        var updater = new Updater();
        for (int i = 0; i < trained.Length; i++)
        {
            Tensor weight = weights[trained[i]];
            updater.Add(weight, new SgdRule(0.05, 0.9, nesterov: false, weight.Count), null, plans[trained[i]].Rule.Constrain, averages[i]);
        }

        for (int step = 0; step < Steps; step++)
        {
            IReadOnlyList<Tensor> gradients = reference.Differentiate(data.Inputs, data.Targets).Gradients;
            updater.Step([.. trained.Select(i => gradients[i])]);
        }

        foreach (Target target in Target.All)
        {
            using Device device = target.MakeDevice();
            using Model model = ModelCompiler.Create(fused, device, batchSize: 4, seed: 1);
            for (int i = 0; i < weights.Length; i++)
                data.Weights[i].ToFloats().CopyTo(model.Weights[i].Span);
            var sgd = new SGD(0.05, momentum: 0.9) { UseEma = true, EmaMomentum = 0.75 };
            for (int step = 0; step < Steps; step++)
                model.TrainOnBatch(data.Inputs.ToFloats(), data.Targets.ToFloats(), sgd);
            for (int i = 0; i < weights.Length; i++)
                Compare.Close($"{target}: weight {i}", weights[i].Values, model.Weights[i].Span, 2e-5, 2e-5);
            using (model.UseAverages())
            {
                for (int i = 0; i < trained.Length; i++)
                    Compare.Close($"{target}: average {i}", averages[i].Average, model.Weights[trained[i]].Span, 2e-5, 2e-5);
            }
        }
    }

    private static Network Of(int[] input, params Layer[] layers) => Of("mean_squared_error", input, layers);

    private static Network Of(string loss, int[] input, params Layer[] layers) => new(input, layers, loss);
}

using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Every activation at the end of every stage that can take one, as a layer of its own, and as a property of the layer before it.</summary>
public sealed class ActivationTests
{
    private static readonly Window2D Same3 = new(3, 3, 1, 1, Same: true);
    private static readonly Window2D Halving = new(2, 2, 2, 2, Same: false);

    public static TheoryData<string> Names => new(ActivationLayer.Names.Except(["glu"]));

    [Theory]
    [MemberData(nameof(Names))]
    public void It_follows_every_layer(string name)
    {
        var activation = new ActivationLayer(name);
        // Between the stages, so that nothing grows beyond what floats tell apart.
        var bounded = new ActivationLayer("tanh");
        NetworkTrial.Require(new Network(
            [6, 5, 3],
            [
                new Conv2DLayer(4, Same3), activation, new MaxPooling2DLayer(Halving), bounded,
                new Conv2DLayer(5, Same3, UseBias: false), new BatchNormalizationLayer(), activation, bounded,
                new Conv2DLayer(5, Same3), new AddLayer { Others = [8] }, activation, bounded, new DropoutLayer(0.25),
                new FlattenLayer(), new DenseLayer(7), activation, new DropoutLayer(0.5), bounded, new DenseLayer(3),
            ],
            "mean_squared_error"));
    }

    [Fact]
    public void A_gated_linear_unit_leaves_half() => NetworkTrial.Require(new Network(
        [6, 5, 3],
        [
            new Conv2DLayer(8, Same3), new ActivationLayer("glu"), new MaxPooling2DLayer(Halving), new ActivationLayer("tanh"),
            new DropoutLayer(0.25), new ActivationLayer("glu"), new FlattenLayer(), new DenseLayer(6), new ActivationLayer("glu"), new DenseLayer(3),
        ],
        "mean_squared_error"));

    [Fact]
    public void A_threshold_follows_every_layer() => NetworkTrial.Require(new Network(
        [6, 5, 3],
        [
            new Conv2DLayer(8, Same3), new ThresholdLayer(0.25, -0.5), new MaxPooling2DLayer(Halving), new FlattenLayer(),
            new DenseLayer(6), new ThresholdLayer(-0.125, 0.75), new DropoutLayer(0.5), new DenseLayer(3),
        ],
        "mean_squared_error"));

    [Fact]
    public void Sparsemax_gives_probabilities_and_log_softmax_logits() => Assert.Equal(2, ModelCompiler.Compile(
        """
        using Compiled;
        [Model, Input(5), Dense(4), Sparsemax, CategoricalCrossentropy]
        public sealed partial class Sparse;

        [Model, Input(5), Dense(4, Activation = Activation.LogSoftmax), CategoricalCrossentropy(FromLogits = true)]
        public sealed partial class Logarithms;
        """).GetExportedTypes().Length);

    [Fact]
    public void As_a_property_it_is_the_layer_behind()
    {
        Type[] types = [.. ModelCompiler.Compile(
            """
            using Compiled;
            [Model, Input(6, 5, 3)]
            [Conv2D(4, 3, Activation = Activation.LeakyReLU), MaxPooling2D(2), Flatten, Dense(5, Activation = Activation.SiLU)]
            [Dense(3, Activation = Activation.Softmax), CategoricalCrossentropy]
            public sealed partial class Short;

            [Model, Input(6, 5, 3)]
            [Conv2D(4, 3), LeakyReLU(0.2), MaxPooling2D(2), Flatten, Dense(5), Activation(Activation.SiLU)]
            [Dense(3), Softmax, CategoricalCrossentropy]
            public sealed partial class Long;
            """).GetExportedTypes()];
        float[][] outputs = [.. types.Select(type =>
        {
            using Device device = Device.Cpu(1);
            using Model model = ModelCompiler.Create(type, device, 2, seed: 5);
            float[] output = new float[2 * 3];
            model.TrainOnBatch(Draw.Reals(1, 2, 6, 5, 3).ToFloats(), (float[])[1, 0, 0, 0, 1, 0], new SGD(0.1));
            model.PredictOnBatch(Draw.Reals(1, 2, 6, 5, 3).ToFloats(), output);
            return output;
        })];
        Assert.Equal(2, types.Length);
        Compare.Same("the long form", outputs[0], outputs[1]);
    }
}

using System.Collections.Immutable;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Networks of the whole vocabulary of layers, each where it may stand, small enough for the reference to run them.</summary>
internal static class DrawNetwork
{
    private const int MostLayers = 8;
    private const long MostProducts = 12_000;

    public static readonly Gen<int[]> Inputs = Gen.Frequency(
        (1, Gen.Int[1, 20].Select(extent => new[] { extent })),
        (1, Gen.Select(Gen.Int[1, 5], Gen.Int[1, 9], (rows, columns) => new[] { rows, columns })),
        (6, Gen.Select(
            Gen.Int[1, 13], Gen.Int[1, 13], Gen.OneOf(Gen.Int[1, 4], Gen.OneOf(8, 17)),
            (height, width, channels) => new[] { height, width, channels })));

    public static readonly Gen<Layer> Convolution =
        from filters in Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(16, 17, 33))
        from window in Draw.DilatedWindows
        from useBias in Gen.Bool
        select (Layer)new Conv2DLayer(filters, window, useBias);

    public static readonly Gen<Layer> Pooling = Draw.Windows.Select(window => (Layer)new MaxPooling2DLayer(window));

    public static readonly Gen<Layer> Dense =
        Gen.Select(Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(16, 17, 33)), Gen.Bool, (units, useBias) => (Layer)new DenseLayer(units, useBias));

    public static readonly Gen<Layer> Activation =
        Gen.Frequency(
            (3, Gen.OneOf("linear", "relu", "relu", "sigmoid", "tanh", "softmax")),
            // What grows without limit makes numbers that no float can hold.
            (2, Gen.OneOf(ActivationLayer.Names.Except(["exponential", "glu"]).ToArray()))).Select(name => (Layer)new ActivationLayer(name));

    public static readonly Gen<Layer> Gate = Gen.Const((Layer)new ActivationLayer("glu"));

    public static readonly Gen<Layer> Dropout = Gen.OneOf(0, 0.1, 0.25, 0.5).Select(rate => (Layer)new DropoutLayer(rate));

    public static readonly Gen<Layer> SpatialDropout =
        Gen.OneOf(0, 0.25, 0.5).Select(rate => (Layer)new DropoutLayer(rate, IsSpatial: true));

    public static readonly Gen<Layer> Noise = Gen.OneOf(0, 0.1, 0.5).Select(deviation => (Layer)new GaussianNoiseLayer(deviation));

    public static readonly Gen<Layer> Flatten = Gen.Const((Layer)new FlattenLayer());

    /// <summary>Any network.</summary>
    public static readonly Gen<Network> Any = (
        from input in Inputs
        from depth in Gen.Int[1, MostLayers]
        from body in Stack(input, before: null, depth)
        from network in Finish(new Network(input, body, ""))
        select network).Where(network => Products(network) <= MostProducts);

    /// <summary>Whether the layers fit one another and the loss.</summary>
    public static bool IsValid(Network network)
    {
        List<IReadOnlyList<int>> shapes = [network.Input];
        for (int i = 0; i < network.Layers.Count; i++)
        {
            IReadOnlyList<int>[] inputs = [.. network.Reads(i).Select(value => shapes[value])];
            if (!Fits(network.Layers[i], inputs, ProducerOf(network, network.Reads(i)[0])))
                return false;
            shapes.Add(network.Layers[i].Infer(inputs));
        }

        return HeadOf(network.Loss) is not { } head
            || (IsActivation(ProducerOf(network, network.Layers.Count), head) && (head != "softmax" || shapes[^1][^1] > 1));
    }

    private static Gen<ImmutableList<Layer>> Stack(IReadOnlyList<int> shape, Layer? before, int depth) => depth == 0
        ? Gen.Const(ImmutableList<Layer>.Empty)
        : from layer in Next(shape.Count).Where(layer => Fits(layer, [shape], before))
          from rest in Stack(layer.Infer(shape), layer, depth - 1)
          select rest.Insert(0, layer);

    private static Gen<Layer> Next(int rank) => rank == 3
        ? Gen.Frequency((6, Convolution), (4, Pooling), (5, Activation), (3, Dropout), (1, SpatialDropout), (1, Noise), (1, Dense), (1, Gate), (1, Flatten))
        : Gen.Frequency((8, Dense), (6, Activation), (4, Dropout), (1, Noise), (1, Gate), (2, Flatten));

    /// <summary>Whether a layer can stand behind another one.</summary>
    public static bool Fits(Layer layer, IReadOnlyList<IReadOnlyList<int>> inputs, Layer? before) => layer switch
    {
        ConvolutionLayer or ImageLayer => inputs[0].Count == 3 && layer.Infer(inputs[0]).All(extent => extent >= 1),
        ActivationLayer { Activation: "softmax" } => !IsSoftmax(before),
        ActivationLayer { Activation: "glu" } => inputs[0][^1] % 2 == 0,
        ReshapeLayer => Tensor.Size(layer.Infer(inputs[0])) == Tensor.Size(inputs[0]),
        AddLayer => inputs.All(input => input.SequenceEqual(inputs[0])),
        ConcatenateLayer join => inputs.All(input => DifferAtMostAt(join.AxisOf(input.Count), input, inputs[0])),
        _ => true,
    };

    /// <summary>The layer that makes a value; null for the input.</summary>
    public static Layer? ProducerOf(Network network, int value) => value == 0 ? null : network.Layers[value - 1];

    private static bool DifferAtMostAt(int axis, IReadOnlyList<int> left, IReadOnlyList<int> right) =>
        left.Count == right.Count && axis >= 0 && axis < left.Count && !left.Where((extent, i) => i != axis && extent != right[i]).Any();

    /// <summary>A cross-entropy takes a sigmoid, or the softmax of two classes or more.</summary>
    public static Gen<Network> Finish(Network body) =>
        from loss in Gen.Frequency(
            (3, Gen.OneOf("mean_squared_error", "categorical_crossentropy", "sparse_categorical_crossentropy")),
            (1, Gen.OneOf("huber", "binary_crossentropy", "categorical_focal_crossentropy")))
        from units in Gen.Int[2, 7]
        from withDense in Gen.Bool
        select WithHead(body with { Loss = loss }, units, withDense);

    private static Network WithHead(Network body, int units, bool withDense)
    {
        if (IsValid(body))
            return body;
        bool needsDense = withDense || body.Shapes()[^1][^1] == 1 || IsSoftmax(body.Layers[^1]);
        return body with
        {
            Layers = [.. body.Layers, .. needsDense ? [new DenseLayer(units)] : Array.Empty<Layer>(), new ActivationLayer(HeadOf(body.Loss)!)],
        };
    }

    /// <summary>The activation that makes the probabilities a loss asks for; null if it asks for none.</summary>
    private static string? HeadOf(string loss) => loss switch
    {
        "mean_squared_error" or "huber" => null,
        "binary_crossentropy" => "sigmoid",
        _ => "softmax",
    };

    private static bool IsSoftmax(Layer? layer) => IsActivation(layer, "softmax");

    private static bool IsActivation(Layer? layer, string name) => layer is ActivationLayer activation && activation.Activation == name;

    /// <summary>The products of a forward pass.</summary>
    public static long Products(Network network)
    {
        IReadOnlyList<IReadOnlyList<int>> shapes = network.Shapes();
        return network.Layers.Select((layer, i) => layer switch
        {
            ConvolutionLayer conv => conv.Products(shapes[network.Reads(i)[0]]),
            DenseLayer => (long)Tensor.Size(shapes[i + 1]) * shapes[network.Reads(i)[0]][^1],
            _ => 0,
        }).Sum();
    }
}

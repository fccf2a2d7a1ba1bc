using System.Collections.Immutable;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Networks of the whole vocabulary of layers, each where it may stand, small enough for the reference to run them.</summary>
internal static class DrawNetwork
{
    private const int MostLayers = 8;
    private const long MostProducts = 12_000;

    private static readonly Gen<int[]> Inputs = Gen.Frequency(
        (1, Gen.Int[1, 20].Select(extent => new[] { extent })),
        (1, Gen.Select(Gen.Int[1, 5], Gen.Int[1, 9], (rows, columns) => new[] { rows, columns })),
        (6, Gen.Select(
            Gen.Int[1, 13], Gen.Int[1, 13], Gen.OneOf(Gen.Int[1, 4], Gen.OneOf(8, 17)),
            (height, width, channels) => new[] { height, width, channels })));

    private static readonly Gen<Layer> Convolution =
        from filters in Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(16, 17, 33))
        from window in Draw.Windows
        from dilation in Gen.Int[1, 2]
        let canDilate = window.StrideHeight * window.StrideWidth == 1
        from useBias in Gen.Bool
        select (Layer)new Conv2DLayer(
            filters, canDilate ? window with { DilationHeight = dilation, DilationWidth = dilation } : window, useBias);

    private static readonly Gen<Layer> Pooling = Draw.Windows.Select(window => (Layer)new MaxPooling2DLayer(window));

    private static readonly Gen<Layer> Dense =
        Gen.Select(Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(16, 17, 33)), Gen.Bool, (units, useBias) => (Layer)new DenseLayer(units, useBias));

    private static readonly Gen<Layer> Activation =
        Gen.OneOf("linear", "relu", "relu", "sigmoid", "tanh", "softmax").Select(name => (Layer)new ActivationLayer(name));

    private static readonly Gen<Layer> Dropout = Gen.OneOf(0, 0.1, 0.25, 0.5).Select(rate => (Layer)new DropoutLayer(rate));

    private static readonly Gen<Layer> Flatten = Gen.Const((Layer)new FlattenLayer());

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
        IReadOnlyList<int> shape = network.Input;
        Layer? before = null;
        foreach (Layer layer in network.Layers)
        {
            if (!Fits(layer, shape, before))
                return false;
            shape = layer.Infer(shape);
            before = layer;
        }

        return network.Loss == "mean_squared_error" || (IsSoftmax(before) && shape[^1] > 1);
    }

    private static Gen<ImmutableList<Layer>> Stack(IReadOnlyList<int> shape, Layer? before, int depth) => depth == 0
        ? Gen.Const(ImmutableList<Layer>.Empty)
        : from layer in Next(shape.Count).Where(layer => Fits(layer, shape, before))
          from rest in Stack(layer.Infer(shape), layer, depth - 1)
          select rest.Insert(0, layer);

    private static Gen<Layer> Next(int rank) => rank == 3
        ? Gen.Frequency((6, Convolution), (4, Pooling), (5, Activation), (3, Dropout), (1, Dense), (1, Flatten))
        : Gen.Frequency((4, Dense), (3, Activation), (2, Dropout), (1, Flatten));

    private static bool Fits(Layer layer, IReadOnlyList<int> shape, Layer? before) => layer switch
    {
        Conv2DLayer or MaxPooling2DLayer => shape.Count == 3 && layer.Infer(shape).All(extent => extent >= 1),
        ActivationLayer { Activation: "softmax" } => !IsSoftmax(before),
        _ => true,
    };

    /// <summary>A cross-entropy takes the softmax of two classes or more.</summary>
    private static Gen<Network> Finish(Network body) =>
        from loss in Gen.OneOf("mean_squared_error", "categorical_crossentropy", "sparse_categorical_crossentropy")
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
            Layers = [.. body.Layers, .. needsDense ? [new DenseLayer(units)] : Array.Empty<Layer>(), new ActivationLayer("softmax")],
        };
    }

    private static bool IsSoftmax(Layer? layer) => layer is ActivationLayer { Activation: "softmax" };

    private static long Products(Network network)
    {
        IReadOnlyList<IReadOnlyList<int>> shapes = network.Shapes();
        return network.Layers.Select((layer, i) => layer switch
        {
            Conv2DLayer conv => (long)Tensor.Size(shapes[i + 1]) * conv.Window.Height * conv.Window.Width * shapes[i][^1],
            DenseLayer => (long)Tensor.Size(shapes[i + 1]) * shapes[i][^1],
            _ => 0,
        }).Sum();
    }
}

using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Networks whose layers read earlier values and join several of them, small enough for the reference to run them.</summary>
internal static class DrawBranches
{
    private const int MostLayers = 14;
    private const long MostProducts = 12_000;
    private const long MostElements = 6_000;

    private static readonly Gen<Layer> Normalization =
        from momentum in Gen.OneOf(0.99, 0.9, 0.5, 0)
        from epsilon in Gen.OneOf(0.001, 0.01, 0.1)
        from center in Gen.Bool
        from scale in Gen.Bool
        from isFrozen in Gen.Frequency((3, Gen.Const(false)), (1, Gen.Const(true)))
        select (Layer)new BatchNormalizationLayer(momentum, epsilon, center, scale, !isFrozen);

    private static readonly Gen<Layer> LayerNormalization =
        Gen.Select(Gen.OneOf(0.001, 0.01, 0.1), Gen.Bool, Gen.Bool, (epsilon, center, scale) => (Layer)new LayerNormalizationLayer(epsilon, center, scale));

    private static readonly Gen<Layer> GlobalPooling =
        Gen.Select(Gen.Bool, Gen.Bool, (isMax, keepDims) => (Layer)new GlobalPooling2DLayer(isMax, keepDims));

    private static readonly Gen<Layer> Average = Draw.Windows.Select(window => (Layer)new AveragePooling2DLayer(window));

    private static readonly Gen<Layer> Enlargement =
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3], Gen.Bool, (height, width, bilinear) => (Layer)new UpSampling2DLayer(height, width, bilinear));

    private static readonly Gen<Margins> AnyMargins =
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 2], Gen.Int[0, 2], (top, bottom, left, right) => new Margins(top, bottom, left, right));

    private static readonly Gen<Layer> Padding = AnyMargins.Select(margins => (Layer)new ZeroPadding2DLayer(margins));

    private static readonly Gen<Layer> Cropping = AnyMargins.Select(margins => (Layer)new Cropping2DLayer(margins));

    private static readonly Gen<Layer> Elementwise =
        Gen.Frequency((8, Normalization), (2, LayerNormalization), (8, DrawNetwork.Activation), (2, DrawNetwork.Dropout), (1, DrawNetwork.Noise));

    /// <summary>Any network in which something is joined.</summary>
    public static readonly Gen<Network> Any = (
        from input in DrawNetwork.Inputs
        from depth in Gen.Int[3, MostLayers]
        from body in Grow(new Network(input, [], "mean_squared_error"), depth)
        from isGathered in Gen.Bool
        from network in DrawNetwork.Finish((isGathered ? Gather(body) : body).Live())
        select network).Where(network =>
            network.Layers.Any(layer => layer is JoinLayer) && DrawNetwork.Products(network) <= MostProducts
            && network.Shapes().All(shape => Tensor.Size(shape) <= MostElements));

    private static Gen<Network> Grow(Network network, int depth) => depth == 0
        ? Gen.Const(network)
        : from layer in Next(network)
          from rest in Grow(network with { Layers = [.. network.Layers, layer] }, depth - 1)
          select rest;

    private static Gen<Layer> Next(Network network)
    {
        IReadOnlyList<IReadOnlyList<int>> shapes = network.Shapes();
        int last = network.Layers.Count;
        return (
            from first in Gen.Frequency((4, Gen.Const(last)), (1, Gen.Int[0, last]))
            from layer in Gen.Frequency(
                (6, Taking(shapes[first])), (3, Keeping(shapes[first])), (2, Toward(shapes[first], shapes)), (4, Joining(network, shapes, first)))
            where DrawNetwork.Fits(
                layer, [shapes[first], .. layer.Others.Select(other => shapes[other])], DrawNetwork.ProducerOf(network, first))
            select layer with { From = first == last ? null : first })
            .Where(layer => Tensor.Size(layer.Infer([.. Reads(layer, last).Select(value => shapes[value])])) <= MostElements);
    }

    private static int[] Reads(Layer layer, int last) => [layer.From ?? last, .. layer.Others];

    private static Gen<Layer> Taking(IReadOnlyList<int> shape) => shape.Count == 3
        ? Gen.Frequency(
            (3, DrawNetwork.Convolution), (2, DrawConvolutions.Convolution(shape)), (1, DrawNetwork.SpatialDropout), (2, DrawNetwork.Pooling), (2, Average), (2, Enlargement), (1, Padding), (1, Cropping), (4, Elementwise),
            (1, GlobalPooling), (1, DrawNetwork.Dense), (1, Views(shape)))
        : Gen.Frequency((3, DrawNetwork.Dense), (3, Elementwise), (1, Views(shape)));

    /// <summary>A layer that gives the shape that it takes.</summary>
    private static Gen<Layer> Keeping(IReadOnlyList<int> shape) => shape.Count == 3
        ? Gen.Frequency(
            (3, Gen.Select(Gen.Int[1, 3], Gen.Bool, (size, useBias) => (Layer)new Conv2DLayer(
                shape[2], new Window2D(size, size, 1, 1, Same: true), useBias))),
            (1, Gen.Const((Layer)new MaxPooling2DLayer(new Window2D(3, 3, 1, 1, Same: true)))),
            (3, Elementwise))
        : Gen.Frequency((2, Gen.Const((Layer)new DenseLayer(shape[^1]))), (3, Elementwise));

    /// <summary>A layer that leads to the shape of an earlier value, or nearer to it.</summary>
    private static Gen<Layer> Toward(IReadOnlyList<int> shape, IReadOnlyList<IReadOnlyList<int>> shapes) =>
        from target in Gen.OneOf(shapes.ToArray())
        select Toward(shape, target);

    private static Layer Toward(IReadOnlyList<int> shape, IReadOnlyList<int> target)
    {
        if (Tensor.Size(shape) == Tensor.Size(target))
            return new ReshapeLayer(target);
        if (shape.Count != 3 || target.Count != 3)
            return new DenseLayer(target[^1]);
        if (shape[2] != target[2])
            return new Conv2DLayer(target[2], new Window2D(1, 1, 1, 1, Same: false), UseBias: false);
        (int rows, int columns) = (target[0] - shape[0], target[1] - shape[1]);
        if (rows > 0 || columns > 0)
            return new ZeroPadding2DLayer(new Margins(Math.Max(rows, 0) / 2, (Math.Max(rows, 0) + 1) / 2, 0, Math.Max(columns, 0)));
        return new Cropping2DLayer(new Margins(-rows, 0, -columns / 2, (-columns + 1) / 2));
    }

    private static Gen<Layer> Views(IReadOnlyList<int> shape)
    {
        int size = Tensor.Size(shape);
        return Gen.Frequency(
            (1, DrawNetwork.Flatten),
            (2, from first in Gen.OneOf(Divisors(size))
                from second in Gen.OneOf(Divisors(size / first))
                from target in Gen.OneOf<int[]>([first, -1], [first, second, -1], [-1, second, first], [first, second, size / first / second])
                select (Layer)new ReshapeLayer(target)));
    }

    private static int[] Divisors(int number) => [.. Enumerable.Range(1, number).Where(divisor => number % divisor == 0)];

    /// <summary>A join with up to three values that fit, more often than not with some that nobody has read yet.</summary>
    private static Gen<Layer> Joining(Network network, IReadOnlyList<IReadOnlyList<int>> shapes, int first) =>
        from kind in Gen.Frequency((2, Gen.Const((Layer)new AddLayer())), (1, Concatenation(shapes[first].Count)))
        let fitting = Enumerable.Range(0, shapes.Count).Where(other => DrawNetwork.Fits(kind, [shapes[first], shapes[other]], null)).ToArray()
        let others = fitting.Where(other => other != first).DefaultIfEmpty(first).ToArray()
        let unread = Unread(network).Intersect(others).DefaultIfEmpty(others[^1]).ToArray()
        from chosen in Gen.Frequency((1, Gen.OneOf(fitting)), (3, Gen.OneOf(others)), (3, Gen.OneOf(unread)))
            .Array[Gen.Frequency((4, Gen.Const(1)), (1, Gen.Int[2, 3]))]
        select kind with { Others = chosen };

    private static Gen<Layer> Concatenation(int rank) =>
        Gen.Int[0, rank].Select(axis => (Layer)new ConcatenateLayer(axis == 0 ? -1 : axis));

    private static IEnumerable<int> Unread(Network network) =>
        Enumerable.Range(0, network.Layers.Count + 1).Except(Enumerable.Range(0, network.Layers.Count).SelectMany(network.Reads));

    /// <summary>The network with an end that reads up to three more values that nobody reads, as vectors.</summary>
    private static Network Gather(Network network)
    {
        int last = network.Layers.Count;
        int[] unread = [.. Unread(network).Where(value => value != last).TakeLast(3)];
        if (unread.Length == 0)
            return network;
        IEnumerable<Layer> vectors = unread.Prepend(last).Select(value => new FlattenLayer { From = value == last ? null : value });
        return network with
        {
            Layers =
            [
                .. network.Layers, .. vectors,
                new ConcatenateLayer { From = last + 1, Others = [.. Enumerable.Range(last + 2, unread.Length)] },
            ],
        };
    }
}

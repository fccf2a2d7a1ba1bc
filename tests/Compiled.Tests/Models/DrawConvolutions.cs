using System.Collections.Immutable;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>
/// Networks of convolutions of all kinds and what their stages take in, some of them with penalties, constraints or without learning; small
/// enough for the reference to run them.
/// </summary>
internal static class DrawConvolutions
{
    private const int MostLayers = 6;
    private const long MostProducts = 12_000;

    private static readonly Gen<Margins> AnyMargins =
        Gen.Select(Gen.Int[0, 4], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 4], (top, bottom, left, right) => new Margins(top, bottom, left, right));

    private static readonly Gen<int[]> Images = Gen.Select(
        Gen.Int[1, 11], Gen.Int[1, 11], Gen.OneOf(2, 3, 4, 6, 8, 12, 17), (height, width, channels) => new[] { height, width, channels });

    /// <summary>Any of them, with a convolution at the beginning, or margins for the next one.</summary>
    public static readonly Gen<Network> Any = (
        from input in Images
        from first in Gen.Frequency((3, Convolution(input)), (1, Fitting(Framing, input)))
        from depth in Gen.Int[0, MostLayers - 1]
        from rest in Stack(first.Infer(input), depth)
        from network in DrawNetwork.Finish(new Network(input, [first, .. rest], ""))
        from ruled in DrawRules.Of(network)
        select ruled).Where(network => DrawNetwork.Products(network) <= MostProducts);

    private static Gen<ImmutableList<Layer>> Stack(IReadOnlyList<int> shape, int depth) => depth == 0
        ? Gen.Const(ImmutableList<Layer>.Empty)
        : from layer in Gen.Frequency(
              (4, Convolution(shape)), (1, Fitting(DrawNetwork.Convolution, shape)), (2, Fitting(DrawNetwork.Pooling, shape)), (3, Activation),
              (2, DrawNetwork.Dropout), (3, Fitting(Framing, shape)))
          from rest in Stack(layer.Infer(shape), depth - 1)
          select rest.Insert(0, layer);

    private static Gen<Layer> Activation => DrawNetwork.Activation.Where(layer => layer is not ActivationLayer { Activation: "softmax" });

    private static Gen<Layer> Fitting(Gen<Layer> layers, IReadOnlyList<int> shape) => layers.Where(layer => DrawNetwork.Fits(layer, [shape], null));

    /// <summary>A convolution of groups, by depth, separable or transposed.</summary>
    public static Gen<Layer> Convolution(IReadOnlyList<int> shape) =>
        Fitting(Gen.OneOf(Grouped(shape[2]), Depthwise, Separable, Transposed), shape);

    private static Gen<Layer> Grouped(int channels) =>
        from groups in Gen.OneOf(Enumerable.Range(2, channels).Where(divisor => channels % divisor == 0).DefaultIfEmpty(1).ToArray())
        from filters in Gen.Int[1, 4]
        from window in Draw.DilatedWindows
        from useBias in Gen.Bool
        select (Layer)new Conv2DLayer(groups * filters, window, useBias, groups);

    private static Gen<Layer> Framing => Gen.Select(
        AnyMargins, Gen.Bool, (margins, crops) => crops ? (Layer)new Cropping2DLayer(margins) : new ZeroPadding2DLayer(margins));

    private static Gen<Layer> Depthwise => Gen.Select(
        Draw.DilatedWindows, Gen.Int[1, 3], Gen.Bool, (window, multiplier, useBias) => (Layer)new DepthwiseConv2DLayer(window, multiplier, useBias));

    private static Gen<Layer> Separable => Gen.Select(
        Gen.Int[1, 9], Draw.DilatedWindows, Gen.Int[1, 2], Gen.Bool,
        (filters, window, multiplier, useBias) => (Layer)new SeparableConv2DLayer(filters, window, multiplier, useBias));

    private static Gen<Layer> Transposed =>
        from filters in Gen.Int[1, 9]
        from window in Draw.DilatedWindows
        from padding in Gen.Frequency((2, Gen.Const(((int, int)?)null)), (1, OutputPadding(window)))
        from useBias in Gen.Bool
        select (Layer)new Conv2DTransposeLayer(filters, window, padding, useBias);

    private static Gen<(int, int)?> OutputPadding(Window2D window)
    {
        int height = Least(window.Height, window.DilationHeight, window.Same), width = Least(window.Width, window.DilationWidth, window.Same);
        return height >= window.StrideHeight || width >= window.StrideWidth
            ? Gen.Const(((int, int)?)null)
            : Gen.Select(Gen.Int[height, window.StrideHeight - 1], Gen.Int[width, window.StrideWidth - 1], (rows, columns) => ((int, int)?)(rows, columns));
    }

    private static int Least(int extent, int dilation, bool same) => same && (((extent - 1) * dilation) + 1) % 2 == 0 ? 1 : 0;
}

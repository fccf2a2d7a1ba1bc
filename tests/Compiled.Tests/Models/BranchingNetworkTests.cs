using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>
/// Five hundred networks that branch and join, drawn and held together as those of <see cref="RandomNetworkTests"/>; the moving statistics
/// of their normalizations are among the weights.
/// </summary>
public sealed class BranchingNetworkTests
{
    private const int Batches = 20;
    private const int PerBatch = 25;

    public static TheoryData<uint> Streams => NetworkRun.Streams(Batches);

    [Theory]
    [MemberData(nameof(Streams))]
    public void A_fused_network_computes_what_its_layers_do_one_by_one(uint stream) =>
        NetworkRun.All(NetworkRun.Draw(NetworkTrial.Branches, stream, PerBatch));

    [Fact]
    public void Drawn_networks_branch_in_all_ways()
    {
        List<Network> networks = NetworkRun.Draw(DrawBranches.Any, 0, Batches * PerBatch);
        Assert.All(networks, network => Assert.True(DrawNetwork.IsValid(network)));
        Assert.All(networks, network => Assert.Equal(network.Layers.Count, network.Live().Layers.Count));
        Layer[] layers = [.. networks.SelectMany(network => network.Layers)];
        Assert.Equal(
            [
                "AddLayer", "AveragePooling2DLayer", "BatchNormalizationLayer", "ConcatenateLayer", "Cropping2DLayer", "DropoutLayer",
                "FlattenLayer", "GaussianNoiseLayer", "GlobalPooling2DLayer", "LayerNormalizationLayer", "MaxPooling2DLayer", "ReshapeLayer", "UpSampling2DLayer", "ZeroPadding2DLayer",
            ],
            layers.Where(layer => layer is not (WeightedLayer or ActivationLayer)).Select(layer => layer.GetType().Name).Distinct().Order());
        Assert.Equal([1, 2, 3], layers.OfType<AddLayer>().Select(layer => layer.Others.Count).Distinct().Order());
        Assert.Equal([1, 2, 3], layers.OfType<ConcatenateLayer>().Select(layer => layer.Others.Count).Distinct().Order());
        Assert.Equal([-1, 1, 2, 3], layers.OfType<ConcatenateLayer>().Select(layer => layer.Axis).Distinct().Order());
        foreach ((bool center, bool scale, bool trainable) in Flags())
        {
            Assert.Contains(
                layers, layer => layer is BatchNormalizationLayer normalization
                    && (normalization.Center, normalization.Scale, normalization.Trainable) == (center, scale, trainable));
        }

        Assert.Equal(
            ["Conv2DLayer", "Conv2DTransposeLayer", "DepthwiseConv2DLayer", "SeparableConv2DLayer"],
            layers.OfType<ConvolutionLayer>().Select(layer => layer.GetType().Name).Distinct().Order());
        Assert.Contains(layers, layer => layer is Conv2DLayer { Groups: > 1 });
        Assert.Contains(layers, layer => layer is UpSampling2DLayer { Bilinear: true, Height: 3 });
        Assert.Contains(networks, network => Enumerable.Range(0, network.Layers.Count).Any(
            layer => network.Layers[layer] is AddLayer && network.Reads(layer).Distinct().Count() < network.Reads(layer).Count));
        Assert.Contains(networks, network => ReadersOfOne(network) >= 4);
        // What a stage of a normalization can take in.
        Assert.Contains(networks, network => Enumerable.Range(1, network.Layers.Count - 1).Any(
            layer => network.Layers[layer] is AddLayer { From: null } && network.Layers[layer - 1] is BatchNormalizationLayer));
        Assert.True(layers.Count(layer => layer.From is not null) > networks.Count);
    }

    private static IEnumerable<(bool, bool, bool)> Flags() =>
        from center in (bool[])[false, true]
        from scale in (bool[])[false, true]
        from trainable in (bool[])[false, true]
        select (center, scale, trainable);

    private static int ReadersOfOne(Network network) =>
        Enumerable.Range(0, network.Layers.Count).SelectMany(layer => network.Reads(layer).Distinct()).GroupBy(value => value)
            .Max(readers => readers.Count());
}

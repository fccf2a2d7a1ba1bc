using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Networks of convolutions of all kinds, drawn and held together as those of <see cref="RandomNetworkTests"/>.</summary>
public sealed class ConvolutionNetworkTests
{
    private const int Batches = 8;
    private const int PerBatch = 25;

    public static TheoryData<uint> Streams => NetworkRun.Streams(Batches);

    [Theory]
    [MemberData(nameof(Streams))]
    public void A_fused_network_computes_what_its_layers_do_one_by_one(uint stream) =>
        NetworkRun.All(NetworkRun.Draw(NetworkTrial.Convolutions, stream, PerBatch));

    [Fact]
    public void Drawn_networks_use_all_kinds()
    {
        List<Network> networks = NetworkRun.Draw(DrawConvolutions.Any, 0, 3 * Batches * PerBatch);
        Assert.All(networks, network => Assert.True(DrawNetwork.IsValid(network)));
        Layer[] layers = [.. networks.SelectMany(network => network.Layers)];
        Assert.Contains(layers, layer => layer is Conv2DLayer { Groups: 2, Window.StrideHeight: 2 });
        Assert.Contains(layers, layer => layer is Conv2DLayer { Groups: 1 });
        Assert.Contains(layers, layer => layer is DepthwiseConv2DLayer { Multiplier: 3, UseBias: false });
        Assert.Contains(layers, layer => layer is DepthwiseConv2DLayer { Window.DilationHeight: 2 });
        Assert.Contains(layers, layer => layer is SeparableConv2DLayer { Multiplier: 2, Window.Same: true });
        Assert.Contains(layers, layer => layer is SeparableConv2DLayer { UseBias: false, Window.StrideWidth: 3 });
        Assert.Contains(layers, layer => layer is Conv2DTransposeLayer { OutputPadding: null, Window: { StrideHeight: 2, Same: false } });
        Assert.Contains(layers, layer => layer is Conv2DTransposeLayer { OutputPadding: null, Window: { StrideWidth: 3, Same: true } });
        Assert.Contains(layers, layer => layer is Conv2DTransposeLayer { OutputPadding.Height: 1 });
        Assert.Contains(layers, layer => layer is Conv2DTransposeLayer { Window: { Width: 1, StrideWidth: 3 } }); // columns of the bias alone
        WeightedLayer[] weighted = [.. layers.OfType<WeightedLayer>()];
        Assert.Contains(weighted, layer => layer is Conv2DLayer { Trainable: false });
        Assert.Contains(weighted, layer => layer is { Kernel.L1: > 0, Kernel.L2: > 0 });
        Assert.Contains(weighted, layer => layer.Bias.L2 > 0);
        foreach (string constraint in (string[])["MaxNorm", "MinMaxNorm", "NonNeg", "None", "UnitNorm"])
        {
            Assert.Contains(weighted, layer => layer.Kernel.Constraint == constraint);
            Assert.Contains(weighted, layer => layer.Bias.Constraint == constraint);
        }

        foreach (Type kind in (Type[])[typeof(Conv2DLayer), typeof(DepthwiseConv2DLayer), typeof(SeparableConv2DLayer)])
        {
            Assert.Contains(networks, network => Follow(network, typeof(ZeroPadding2DLayer), kind));
            Assert.Contains(networks, network => Follow(network, typeof(Cropping2DLayer), kind));
        }

        Assert.Contains(networks, network => Follow(network, typeof(Cropping2DLayer), typeof(ZeroPadding2DLayer)));
        // What a stage takes in behind a depthwise convolution.
        Assert.Contains(
            networks, network => network.Layers.Zip(network.Layers.Skip(1), network.Layers.Skip(2)).Any(
                three => three is (DepthwiseConv2DLayer, ActivationLayer, MaxPooling2DLayer)));
    }

    private static bool Follow(Network network, Type first, Type second) => network.Layers.Zip(network.Layers.Skip(1)).Any(
        pair => pair.First.GetType() == first && pair.Second.GetType() == second);
}

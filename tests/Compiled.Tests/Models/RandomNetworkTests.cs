using Compiled.Reference;
using Xunit.Sdk;

namespace Compiled.Tests;

/// <summary>
/// Five hundred networks drawn from the whole vocabulary, each compiled fused and unfused, on one of the targets, on one thread or two:
/// prediction, loss, gradients and three training steps with dropout are held against one another and against the reference in double.
/// </summary>
public sealed class RandomNetworkTests
{
    private const int Batches = 20;
    private const int PerBatch = 25;

    public static TheoryData<uint> Streams => NetworkRun.Streams(Batches);

    [Theory]
    [MemberData(nameof(Streams))]
    public void A_fused_network_computes_what_its_layers_do_one_by_one(uint stream) =>
        NetworkRun.All(NetworkRun.Draw(NetworkTrial.Chains, stream, PerBatch));

    [Fact]
    public void Drawn_networks_use_the_whole_vocabulary()
    {
        List<Network> networks = NetworkRun.Draw(DrawNetwork.Any, 0, Batches * PerBatch);
        Assert.All(networks, network => Assert.True(DrawNetwork.IsValid(network)));
        Layer[] layers = [.. networks.SelectMany(network => network.Layers)];
        Assert.Equal(
            ActivationLayer.Names.Except(["exponential"]).Order(),
            layers.OfType<ActivationLayer>().Select(layer => layer.Activation).Distinct().Order());
        Assert.Equal(
            [
                "binary_crossentropy", "categorical_crossentropy", "categorical_focal_crossentropy", "huber", "mean_squared_error",
                "sparse_categorical_crossentropy",
            ],
            networks.Select(network => network.Loss).Distinct().Order());
        Assert.Equal([1, 2, 3], networks.Select(network => network.Input.Count).Distinct().Order());
        Assert.Contains(layers, layer => layer is Conv2DLayer { UseBias: false });
        Assert.Contains(layers, layer => layer is Conv2DLayer { Window: { Same: true, DilationHeight: 2 } });
        Assert.Contains(layers, layer => layer is Conv2DLayer { Window: { Same: false, StrideHeight: 3, StrideWidth: 1 } });
        Assert.Contains(layers, layer => layer is MaxPooling2DLayer { Window: { Same: true, Height: 3, StrideHeight: 1 } });
        Assert.Contains(layers, layer => layer is MaxPooling2DLayer { Window: { Same: false, Width: 1, StrideWidth: 3 } });
        Assert.Contains(layers, layer => layer is DropoutLayer { IsSpatial: true, Rate: > 0 });
        Assert.Contains(layers, layer => layer is GaussianNoiseLayer { Deviation: > 0 });
        Assert.Contains(networks, network => network.Layers[0] is DropoutLayer { Rate: > 0 });
        Assert.Contains(networks, network => network.Layers.SkipLast(1).Contains(new ActivationLayer("softmax")));
        Assert.Contains(
            networks.SelectMany(network => network.Shapes().Zip(network.Layers)), pair => pair is { First.Count: 3, Second: DenseLayer });
        Assert.Contains(networks, network => !network.Layers.Any(layer => layer is WeightedLayer));
        // Both ways of comparing are in use.
        Assert.InRange(networks.Count(FusedRounding.IsThatOfLayers), networks.Count / 10, networks.Count / 2);
    }

    [Fact]
    public void A_failing_network_is_shown_as_small_as_it_can_be()
    {
        var network = new Network(
            [7, 6, 3],
            [
                new Conv2DLayer(5, new Window2D(3, 2, 1, 1, Same: true)), new DropoutLayer(0.5), new ActivationLayer("tanh"),
                new FlattenLayer(), new DenseLayer(4),
            ],
            "mean_squared_error");
        static bool Fails(Network network) => network.Layers.Contains(new ActivationLayer("tanh")) && network.Input[0] > 3;
        (NetworkTrial smallest, Exception fault) = ShrinkTrial.Smallest(
            new NetworkTrial(network, BatchSize: 4, Rows: 3), new XunitException("first"),
            trial => Fails(trial.Network) ? new XunitException("last") : null);
        Assert.Equal("last", fault.Message);
        Assert.Equal(
            """
            1 samples at batch size 1:
            [Compiled.Model]
            [Compiled.Input(4, 1, 1)]
            [Compiled.Tanh]
            [Compiled.MeanSquaredError]
            public sealed partial class Drawn;
            """,
            smallest.ToString());
    }
}

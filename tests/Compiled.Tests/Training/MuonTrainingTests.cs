namespace Compiled.Tests;

/// <summary>Models that are trained by Muon.</summary>
public sealed class MuonTrainingTests
{
    private static readonly float[] Inputs = Samples.Inputs(8, 1, 5);
    private static readonly int[] ClassIds = Samples.ClassIds(8, 1, 3);

    [Fact]
    public void A_model_learns()
    {
        using var net = new ThreeClasses(batchSize: 8, seed: 1);
        var muon = new Muon(0.05);
        double first = net.TrainOnBatch(Inputs, ClassIds, muon).Loss;
        for (int step = 0; step < 60; step++)
            net.TrainOnBatch(Inputs, ClassIds, muon);
        Assert.InRange(net.TestOnBatch(Inputs, ClassIds).Loss, 0, 0.3 * first);
    }

    [Fact]
    public void Threads_make_no_difference()
    {
        float[][] weights = [.. ((int[])[1, 2, 3]).Select(threads =>
        {
            using Device device = Device.Cpu(threads);
            using var net = new SmallNet(device, batchSize: 8, seed: 3);
            var muon = new Muon(0.01) { GlobalClipNorm = 1, WeightDecay = 0.1 };
            for (int step = 0; step < 4; step++)
                net.TrainOnBatch(Draw.Reals(1, 8, 9, 8, 3).ToFloats(), (int[])[0, 1, 2, 3, 4, 0, 1, 2], muon);
            return Samples.Weights(net);
        })];
        Compare.Same("two threads", weights[0], weights[1]);
        Compare.Same("three threads", weights[0], weights[2]);
    }

    [Fact]
    public void Excluded_layers_follow_Adam()
    {
        float[] Train(Optimizer optimizer)
        {
            using var net = new ThreeClasses(batchSize: 8, seed: 1);
            for (int step = 0; step < 3; step++)
                net.TrainOnBatch(Inputs, ClassIds, optimizer);
            return Samples.Weights(net);
        }

        float[] adam = Train(new Adam(0.125));
        Compare.Same("all", adam, Train(new Muon(0.25, adamLearningRateRatio: 0.5) { ExcludeLayers = ["dense_1", "dense_2"] }));
        using var net = new ThreeClasses(batchSize: 8);
        float[] last = Train(new Muon(0.25, adamLearningRateRatio: 0.5) { ExcludeLayers = ["dense_2"] });
        Assert.NotEqual(adam[0], last[0]);
    }

    [Fact]
    public void An_unknown_layer_is_refused()
    {
        using var net = new ThreeClasses(batchSize: 8);
        string message = Assert.Throws<ArgumentException>(
            () => net.TrainOnBatch(Inputs, ClassIds, new Muon { ExcludeLayers = ["dense_3"] })).Message;
        Assert.Equal("ExcludeLayers names 'dense_3', but no layer of ThreeClasses with weights is called that. There are dense_1, dense_2.", message);
        Assert.Throws<ArgumentNullException>(() => new Muon { ExcludeLayers = null! });
    }
}

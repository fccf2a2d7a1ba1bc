using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compiled.PeerBenchmarks;

/// <summary>TorchSharp. Its batch is made a tensor once, before the first step.</summary>
internal sealed class TorchContestant : Contestant
{
    private readonly TorchNet _net;
    private readonly optim.Optimizer _optimizer;
    private readonly Tensor _images;
    private readonly Tensor _classIds;

    public TorchContestant(PeerNetwork network, Batch batch, int threads)
    {
        set_num_threads(threads);
        random.manual_seed(0);
        _net = (TorchNet)network.Torch();
        _net.train();
        _optimizer = optim.Adam(_net.parameters(), lr: 1e-3, eps: 1e-7);
        _images = ToTensor(batch.Images);
        _classIds = tensor(batch.ClassIds, ScalarType.Int64);
    }

    public override double Step()
    {
        using DisposeScope scope = NewDisposeScope();
        _optimizer.zero_grad();
        Tensor loss = nn.functional.cross_entropy(_net.forward(_images), _classIds);
        loss.backward();
        _optimizer.step();
        return loss.item<float>();
    }

    /// <summary>The largest difference between the predictions of the two libraries for the same weights and images.</summary>
    public static double LargestDifference(PeerNetwork network, Batch batch, int threads)
    {
        using var device = Device.Cpu(threads);
        using Model net = network.Fused(device, batch.ClassIds.Length);
        float[] ours = new float[batch.ClassIds.Length * 10];
        net.PredictOnBatch(batch.Images, ours);

        set_num_threads(threads);
        using DisposeScope scope = NewDisposeScope();
        using var peer = (TorchNet)network.Torch();
        peer.eval();
        using (no_grad())
        {
            foreach ((Parameter parameter, Weight weight) in peer.parameters().Zip(net.Weights.Where(weight => weight.Trainable)))
                CopyWeight(weight, parameter);
            float[] theirs = nn.functional.softmax(peer.forward(ToTensor(batch.Images)), 1).data<float>().ToArray();
            return ours.Zip(theirs, (a, b) => Math.Abs((double)a - b)).Max();
        }
    }

    public override void Dispose()
    {
        _optimizer.Dispose();
        _net.Dispose();
        _images.Dispose();
        _classIds.Dispose();
    }

    private static Tensor ToTensor(float[] images) =>
        tensor(images, [images.Length / (32 * 32 * 3), 32, 32, 3]).permute(0, 3, 1, 2);

    private static void CopyWeight(Weight source, Tensor target)
    {
        Tensor values = tensor(source.Span.ToArray(), [.. source.Shape.Select(extent => (long)extent)]);
        target.copy_(source.Shape.Count switch
        {
            4 => values.permute(3, 2, 0, 1), // HWIO to OIHW
            2 => values.t(),
            _ => values,
        });
    }
}

namespace Compiled.PeerBenchmarks;

/// <summary>This library. Every step copies its batch into the model, as it does in use.</summary>
internal sealed class CompiledContestant : Contestant
{
    private readonly Device _device;
    private readonly Model _net;
    private readonly Adam _optimizer = new(learningRate: 1e-3);
    private readonly Batch _batch;

    public CompiledContestant(Func<Device, int, Model> create, Batch batch, int threads)
    {
        _device = Device.Cpu(threads);
        _net = create(_device, batch.ClassIds.Length);
        _batch = batch;
    }

    public override double Step() => _net.TrainOnBatch(_batch.Images, _batch.ClassIds, _optimizer).Loss;

    public override void Dispose()
    {
        _net.Dispose();
        _device.Dispose();
    }
}

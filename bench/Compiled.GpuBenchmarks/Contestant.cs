using System.Diagnostics;

namespace Compiled.GpuBenchmarks;

/// <summary>A network at one batch size, on a device of its own, so that memory figures are its own, too.</summary>
internal sealed class Contestant : IDisposable
{
    private const int InputSize = 32 * 32 * 3;
    private const int Batches = 8;
    private const double LearningRate = 1e-4;

    private readonly Device _device;
    private readonly Model _net;
    private readonly ArrayDataset _data;
    private readonly Adam _optimizer = new(LearningRate);

    public Contestant(DeviceKind kind, Func<Device, int, Model> create, int batch)
    {
        _data = DrawnShapes.Create(batch * Batches);
        int[] indices = [.. Enumerable.Range(0, batch)];
        var images = new float[batch * InputSize];
        var classIds = new int[batch];
        _data.ReadInputs(indices, images);
        _data.ReadClassIds(indices, classIds);
        long begin = Stopwatch.GetTimestamp();
        _device = kind == DeviceKind.Cuda ? Device.Cuda() : Device.Cpu();
        long free = _device.FreeMemoryBytes;
        _net = create(_device, batch);
        _net.TrainOnBatch(images, classIds, _optimizer);
        FirstStep = Stopwatch.GetElapsedTime(begin);
        DeviceBytes = free - _device.FreeMemoryBytes;
    }

    /// <summary>From opening the device to the end of the first step.</summary>
    public TimeSpan FirstStep { get; }

    /// <summary>By how much the network and its first step made the free memory of the GPU smaller, kernels and all; 0 on the CPU.</summary>
    public long DeviceBytes { get; }

    /// <summary>What the network itself holds there.</summary>
    public long NetworkBytes => _device.BufferBytes + _device.ScratchBytes;

    /// <summary>Steps of Fit over a data set that is small enough to lie on the GPU.</summary>
    public Samples Measure(double seconds) => Samples.Take(_net, _data, _optimizer, seconds);

    public void Dispose()
    {
        _net.Dispose();
        _device.Dispose();
    }
}

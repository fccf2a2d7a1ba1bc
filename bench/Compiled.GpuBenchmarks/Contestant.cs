using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Compiled.GpuBenchmarks;

/// <summary>A network at one batch size, on a device of its own, so that memory figures are its own, too.</summary>
internal sealed class Contestant : IDisposable
{
    private const int InputSize = 32 * 32 * 3;
    private const double LearningRate = 1e-4;

    private readonly Device _device;
    private readonly Model _net;
    private readonly ArrayDataset _data;
    private readonly Adam _optimizer = new(LearningRate);

    public Contestant(DeviceKind kind, Func<Device, int, Model> create, int batch)
    {
        _data = DrawnShapes.Create(batch * 4);
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

    /// <summary>From the device being opened to the end of the first step.</summary>
    public TimeSpan FirstStep { get; }

    /// <summary>By how much the first step made the free memory of the GPU smaller, kernels and all; 0 on the CPU.</summary>
    public long DeviceBytes { get; }

    /// <summary>What the network itself holds there.</summary>
    public long NetworkBytes => _device.BufferBytes + _device.ScratchBytes;

    /// <summary>Training steps on the batch that is on the device already, as the peers are measured.</summary>
    public Samples MeasureSteps(double seconds) => Samples.Take(
        steps =>
        {
            for (int i = 0; i < steps; i++)
                Train(_net, _optimizer);
            _device.Synchronize();
        },
        seconds);

    /// <summary>Steps of Fit: every batch is gathered by the host and sent to the device.</summary>
    public Samples MeasureFit(double seconds) => Samples.Take(steps => _net.Fit(_data, _optimizer, epochs: 1, stepsPerEpoch: steps), seconds);

    /// <summary>What a step leaves to the garbage collector.</summary>
    public long ManagedBytesPerStep()
    {
        const int Steps = 20;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Steps; i++)
            Train(_net, _optimizer);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        _device.Synchronize();
        return allocated / Steps;
    }

    public void Dispose()
    {
        _net.Dispose();
        _device.Dispose();
    }

    // Nothing public trains on a batch that is there already: only measuring needs it.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Train")]
    private static extern void Train(Model model, Optimizer optimizer);
}

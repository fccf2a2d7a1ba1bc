using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled;

/// <summary>The memory of a model, in one buffer: weights, their gradients, values, state and metrics.</summary>
internal sealed unsafe class ModelArena : IDisposable
{
    /// <summary>State and metrics, each on a cache line of its own.</summary>
    private const int TailBytes = 128;
    private const int MetricsOffset = 64;

    private readonly BufferHandle _buffer;
    private readonly ModelPlan _plan;
    private readonly int _batchSize;

    public ModelArena(ModelPlan plan, ContextHandle context, int batchSize)
    {
        _plan = plan;
        _batchSize = batchSize;
        try
        {
            Bytes = checked(2 * plan.ParameterBytes + batchSize * plan.ValueBytesPerSample + TailBytes);
        }
        catch (OverflowException)
        {
            throw new ArgumentOutOfRangeException(
                nameof(batchSize), batchSize, $"'{plan.Name}' needs {plan.ValueBytesPerSample:N0} bytes per sample: so many samples overflow 64 bits.");
        }

        try
        {
            _buffer = new BufferHandle(context, Bytes);
        }
        catch (CompiledException fault) when (fault.Status == CompiledStatus.OutOfMemory)
        {
            throw new CompiledException(
                CompiledStatus.OutOfMemory,
                $"'{plan.Name}' needs {Bytes:N0} bytes: 2 × {plan.ParameterBytes:N0} for weights and gradients, {batchSize:N0} × " +
                $"{plan.ValueBytesPerSample:N0} for the batch. Use a smaller batch size. ({fault.Message})");
        }
    }

    public long Bytes { get; }

    public nint ParameterAddress => _buffer.Address;

    public nint GradientAddress => _buffer.Address + (nint)_plan.ParameterBytes;

    public nint ValueAddress => _buffer.Address + (nint)(2 * _plan.ParameterBytes);

    public nint StateAddress => _buffer.Address + (nint)(Bytes - TailBytes);

    public nint MetricsAddress => StateAddress + MetricsOffset;

    public ref cn_state State => ref Unsafe.AsRef<cn_state>((void*)StateAddress);

    public ref cn_metrics Metrics => ref Unsafe.AsRef<cn_metrics>((void*)MetricsAddress);

    public Span<float> Parameters(ParameterPlan plan) => new((void*)(ParameterAddress + (nint)plan.Offset), (int)plan.Count);

    public Span<float> Gradients(ParameterPlan plan) => new((void*)(GradientAddress + (nint)plan.Offset), (int)plan.Count);

    public nint Value(long bytesPerSample) => ValueAddress + (nint)(_batchSize * bytesPerSample);

    public Span<T> Values<T>(long bytesPerSample, int count)
        where T : unmanaged => new((void*)Value(bytesPerSample), count);

    /// <summary>The number of steps, for a thread that does not use the model: another one may dispose it at any time.</summary>
    public long ReadStep()
    {
        bool held = false;
        try
        {
            _buffer.DangerousAddRef(ref held);
            return (long)State.step;
        }
        finally
        {
            if (held)
                _buffer.DangerousRelease();
        }
    }

    public void Dispose() => _buffer.Dispose();
}

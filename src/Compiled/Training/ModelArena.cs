using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled;

/// <summary>The memory of a model, in one buffer of the device: weights, their gradients, values, state and metrics.</summary>
internal sealed class ModelArena : IDisposable
{
    /// <summary>State and metrics, each on a cache line of its own; behind them what metrics sum.</summary>
    private const int TailBytes = 128;
    private const int MetricsOffset = 64;

    private readonly BufferHandle _buffer;
    private readonly ModelPlan _plan;
    private readonly int _batchSize;
    private readonly int _sums;
    private readonly bool _foldedInValues; // which a pass of training overwrites, as it does the weights that they are made of

    public ModelArena(ModelPlan plan, ContextHandle context, int batchSize)
    {
        _plan = plan;
        _batchSize = batchSize;
        _sums = plan.Metrics.Sum(metric => metric.Sums);
        try
        {
            long values = checked(batchSize * plan.ValueBytesPerSample);
            _foldedInValues = batchSize * plan.SpareBytesPerSample >= plan.FoldedBytes;
            Bytes = checked(2 * plan.ParameterBytes + OwnFoldedBytes + values + TailBytes + _sums * sizeof(double));
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
                $"'{plan.Name}' needs {Bytes:N0} bytes: 2 × {plan.ParameterBytes:N0} for weights and gradients, {OwnFoldedBytes:N0} for weights with a normalization, {batchSize:N0} × " +
                $"{plan.ValueBytesPerSample:N0} for the batch. Use a smaller batch size. ({fault.Message})");
        }
    }

    public long Bytes { get; }

    /// <summary>Counts what may have changed weights.</summary>
    public long WeightsVersion { get; private set; }

    public nint ParameterAddress => _buffer.Address;

    public nint GradientAddress => _buffer.Address + (nint)_plan.ParameterBytes;

    public nint FoldedAddress => _foldedInValues ? Value(_plan.SpareOffset) : _buffer.Address + (nint)(2 * _plan.ParameterBytes);

    public bool FoldsWeights => _plan.FoldedBytes > 0;

    public nint StateAddress => _buffer.Address + (nint)StateOffset;

    public nint MetricsAddress => StateAddress + MetricsOffset;

    /// <summary>The number of sums of all metrics.</summary>
    public int SumCount => _sums;

    private long StateOffset => SumsOffset - TailBytes;

    private long SumsOffset => Bytes - _sums * sizeof(double);

    /// <summary>The address of a value.</summary>
    public nint Value(long bytesPerSample) => _buffer.Address + (nint)ValueOffset(bytesPerSample);

    /// <summary>A way into a value that has so many bytes per sample.</summary>
    public Feed FeedValue(long bytesPerSample, long sampleBytes, int areas) =>
        new(_buffer, ValueOffset(bytesPerSample), _batchSize * sampleBytes, areas);

    /// <summary>A way into the state.</summary>
    public Feed FeedState(int areas) => new(_buffer, StateOffset, Unsafe.SizeOf<cn_state>(), areas);

    public void ReadValue(long bytesPerSample, Span<float> target) => _buffer.Read(ValueOffset(bytesPerSample), target);

    public void ReadParameter(ParameterPlan plan, Span<float> target) => _buffer.Read(plan.Offset, target);

    public void WriteParameter(ParameterPlan plan, ReadOnlySpan<float> source)
    {
        NoteChangedWeights();
        _buffer.Write(plan.Offset, source);
    }

    /// <summary>Ops on the device are about to change weights.</summary>
    public void NoteChangedWeights() => WeightsVersion++;

    public void ReadGradient(ParameterPlan plan, Span<float> target) => _buffer.Read(_plan.ParameterBytes + plan.Offset, target);

    public void WriteGradient(ParameterPlan plan, ReadOnlySpan<float> source) => _buffer.Write(_plan.ParameterBytes + plan.Offset, source);

    public cn_metrics ReadMetrics()
    {
        cn_metrics metrics = default;
        _buffer.Read(StateOffset + MetricsOffset, new Span<cn_metrics>(ref metrics));
        return metrics;
    }

    public void WriteMetrics(cn_metrics metrics) => _buffer.Write(StateOffset + MetricsOffset, new ReadOnlySpan<cn_metrics>(ref metrics));

    public void ClearMetrics() => _buffer.Clear(StateOffset + MetricsOffset, Bytes - StateOffset - MetricsOffset);

    /// <summary>The address of a sum.</summary>
    public nint Sum(int index) => _buffer.Address + (nint)SumsOffset + index * sizeof(double);

    public void ReadSums(Span<double> sums) => _buffer.Read(SumsOffset, sums);

    public void WriteSums(ReadOnlySpan<double> sums) => _buffer.Write(SumsOffset, sums);

    public void Dispose() => _buffer.Dispose();

    private long OwnFoldedBytes => _foldedInValues ? 0 : _plan.FoldedBytes;

    private long ValueOffset(long bytesPerSample) => 2 * _plan.ParameterBytes + OwnFoldedBytes + _batchSize * bytesPerSample;
}

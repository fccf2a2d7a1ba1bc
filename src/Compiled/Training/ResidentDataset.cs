using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled;

/// <summary>
/// A data set that lies as a whole in the memory of a GPU, from which batches are gathered there: images stay bytes, and of a step nothing
/// but the number of its rows comes from the host.
/// </summary>
internal sealed class ResidentDataset : IDisposable
{
    private const int Alignment = 256;

    private readonly int _count;
    private readonly OpHandle _op;
    private readonly BufferHandle _buffer;
    private readonly long _targets;
    private readonly long _order;
    private readonly long _cursor;
    private long _pass = -1;
    private int _next;

    private ResidentDataset(ArrayDataset data, ModelPlan plan, ContextHandle context, int batchSize)
    {
        _count = data.Count;
        cn_gather_desc description = Describe(data, plan, batchSize);
        CompiledException.ThrowIfFailed(Native.cn_gather_create(context.Value, in description, out nint op));
        _op = new OpHandle(op);
        _targets = Align(data.InputBytes.Length);
        _order = _targets + Align(data.TargetBytes.Length);
        _cursor = _order + Align(_count * (long)sizeof(int));
        try
        {
            _buffer = new BufferHandle(context, _cursor + sizeof(long));
            _buffer.Write(0, data.InputBytes);
            _buffer.Write(_targets, data.TargetBytes);
        }
        catch
        {
            _buffer?.Dispose();
            _op.Dispose();
            throw;
        }
    }

    /// <summary>The data set on the device of a model, or null where it has to be fed batch by batch.</summary>
    public static ResidentDataset? TryMake(Dataset data, ModelPlan plan, Device device, ContextHandle context, int batchSize)
    {
        if (device.Kind != DeviceKind.Cuda || data is not ArrayDataset array || !array.HasBytes)
            return null;
        // The other half is for whatever else comes.
        if ((long)array.InputBytes.Length + array.TargetBytes.Length > context.Info().free_bytes / 2)
            return null;
        array.RequireClassIds();
        try
        {
            return new ResidentDataset(array, plan, context, batchSize);
        }
        catch (CompiledException fault) when (fault.Status == CompiledStatus.OutOfMemory)
        {
            return null;
        }
    }

    /// <summary>Makes the batch that <see cref="SampleOrder.Next"/> gave last the one that is gathered next.</summary>
    public void Follow(SampleOrder order, int rows)
    {
        if (order.Pass != _pass || order.First != _next)
        {
            long first = order.First;
            _buffer.Write(_order, order.Samples);
            _buffer.Write(_cursor, new ReadOnlySpan<long>(ref first));
            _pass = order.Pass;
        }

        _next = order.First + rows;
    }

    /// <summary>Gathers the batch into the model.</summary>
    public void Gather(ModelArena arena, ModelPlan plan)
    {
        nint address = _buffer.Address;
        CompiledException.ThrowIfFailed(Native.cn_gather_forward(
            _op.Value, arena.StateAddress, address, address + (nint)_targets, address + (nint)_order, address + (nint)_cursor,
            arena.Value(plan.InputOffset), arena.Value(plan.TargetOffset)));
    }

    public void Dispose()
    {
        _op.Dispose();
        _buffer.Dispose();
    }

    private static cn_gather_desc Describe(ArrayDataset data, ModelPlan plan, int batchSize) => new()
    {
        struct_size = (uint)Unsafe.SizeOf<cn_gather_desc>(),
        input = (int)(data.HasByteInputs ? cn_gather_input.CN_GATHER_INPUT_UINT8 : cn_gather_input.CN_GATHER_INPUT_FLOAT32),
        batch = Math.Min(batchSize, data.Count),
        samples = data.Count,
        input_count = Shapes.Size(plan.InputShape),
        target_count = Shapes.Size(plan.TargetShape),
        target = (int)(plan.Target == TargetKind.ClassId ? cn_gather_target.CN_GATHER_TARGET_CLASS_ID
            : data.HasClassIds ? cn_gather_target.CN_GATHER_TARGET_ONE_HOT : cn_gather_target.CN_GATHER_TARGET_FLOAT32),
        scale = data.ByteScale,
    };

    private static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}

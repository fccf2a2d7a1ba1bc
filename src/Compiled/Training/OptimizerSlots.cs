using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled;

/// <summary>What a model keeps for the optimizer that trains it: the native op and its moving averages.</summary>
internal sealed class OptimizerSlots : IDisposable
{
    private readonly OpHandle? _op; // null for a model without weights
    private readonly BufferHandle? _buffer;
    private readonly nint _slot0;
    private readonly nint _slot1;

    public OptimizerSlots(Optimizer optimizer, ModelPlan plan, ContextHandle context)
    {
        Optimizer = optimizer;
        long count = plan.TrainableBytes / sizeof(float);
        if (count == 0)
            return;
        cn_optimizer_desc description = optimizer.Describe(count);
        description.struct_size = (uint)Unsafe.SizeOf<cn_optimizer_desc>();
        CompiledException.ThrowIfFailed(Native.cn_optimizer_create(context.Value, in description, out nint op));
        _op = new OpHandle(op);
        if (optimizer.SlotCount == 0)
            return;
        try
        {
            _buffer = new BufferHandle(context, optimizer.SlotCount * plan.TrainableBytes);
        }
        catch
        {
            _op.Dispose();
            throw;
        }

        _slot0 = _buffer.Address;
        _slot1 = optimizer.SlotCount > 1 ? _buffer.Address + (nint)plan.TrainableBytes : 0;
    }

    public Optimizer Optimizer { get; }

    /// <summary>Whether there is anything to update: then the device counts the updates.</summary>
    public bool HasUpdate => _op is not null;

    /// <summary>Updates the weights, and adds to the number of finished steps.</summary>
    public void Step(ModelArena arena, long steps)
    {
        if (_op is null)
            return;
        CompiledException.ThrowIfFailed(Native.cn_optimizer_step(
            _op.Value, arena.StateAddress, arena.ParameterAddress, arena.GradientAddress, _slot0, _slot1, steps));
    }

    public void Dispose()
    {
        _op?.Dispose();
        _buffer?.Dispose();
    }
}

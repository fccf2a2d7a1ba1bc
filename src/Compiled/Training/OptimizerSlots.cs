using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled;

/// <summary>What a model keeps for the optimizer that trains it: the native op, what its rule remembers, and the averages of the weights.</summary>
internal sealed class OptimizerSlots : IDisposable
{
    private const int Slots = 3;

    private readonly long _bytes; // of each array
    private readonly OpHandle? _op; // null for a model without weights
    private readonly BufferHandle? _buffer;
    private readonly nint[] _slots = new nint[Slots];
    private readonly nint _averages;

    public OptimizerSlots(Optimizer optimizer, ModelPlan plan, ContextHandle context)
    {
        Optimizer = optimizer;
        _bytes = plan.TrainableBytes;
        if (_bytes == 0)
            return;
        _op = new OpHandle(Create(optimizer, plan, context));
        int arrays = optimizer.SlotCount + (optimizer.UseEma ? 1 : 0);
        if (arrays == 0)
            return;
        try
        {
            _buffer = new BufferHandle(context, arrays * _bytes);
            FillFirstSlot();
        }
        catch
        {
            Dispose();
            throw;
        }

        for (int slot = 0; slot < optimizer.SlotCount; slot++)
            _slots[slot] = _buffer.Address + (nint)(slot * _bytes);
        _averages = optimizer.UseEma ? _buffer.Address + (nint)(optimizer.SlotCount * _bytes) : 0;
    }

    public Optimizer Optimizer { get; }

    /// <summary>Whether there is anything to update: then the device counts the updates.</summary>
    public bool HasUpdate => _op is not null;

    /// <summary>Whether there are averages, which mean something after the first update.</summary>
    public bool HasAverages => _averages != 0;

    /// <summary>Updates the weights, and adds to the number of finished steps.</summary>
    public void Step(ModelArena arena, long steps)
    {
        if (_op is null)
            return;
        CompiledException.ThrowIfFailed(Native.cn_optimizer_step(
            _op.Value, arena.StateAddress, arena.ParameterAddress, arena.GradientAddress, _slots[0], _slots[1], _slots[2], _averages, steps));
    }

    /// <summary>Reads the average of a weight that the optimizer changes.</summary>
    public void ReadAverage(ParameterPlan plan, Span<float> target) => _buffer!.Read((Optimizer.SlotCount * _bytes) + plan.Offset, target);

    public void Dispose()
    {
        _op?.Dispose();
        _buffer?.Dispose();
    }

    private static unsafe nint Create(Optimizer optimizer, ModelPlan plan, ContextHandle context)
    {
        optimizer.Check(plan);
        long[]? offsets = optimizer.ClipNorm is null ? null : Offsets(plan);
        cn_matrix[] kernels = Matrices(optimizer, plan);
        cn_optimizer_desc description = optimizer.Describe(plan.TrainableBytes / sizeof(float), (offsets?.Length ?? 1) - 1);
        description.struct_size = (uint)Unsafe.SizeOf<cn_optimizer_desc>();
        description.matrices = kernels.Length;
        fixed (long* start = offsets)
        fixed (cn_matrix* matrices = kernels)
        {
            CompiledException.ThrowIfFailed(
                Native.cn_optimizer_create(context.Value, in description, (nint)start, (nint)matrices, out nint op));
            return op;
        }
    }

    /// <summary>Where each weight begins, in floats, and where the last one ends. The padding behind a weight has gradients of 0.</summary>
    private static long[] Offsets(ModelPlan plan) =>
    [
        .. plan.Parameters.Where(parameter => parameter.Trainable).Select(parameter => parameter.Offset / sizeof(float)),
        plan.TrainableBytes / sizeof(float),
    ];

    /// <summary>The weights that the rule takes for matrices, in their order.</summary>
    private static cn_matrix[] Matrices(Optimizer optimizer, ModelPlan plan) =>
    [
        .. from parameter in plan.Parameters
           where parameter.Trainable
           let matrix = optimizer.MatrixOf(parameter.Name, parameter.Shape, parameter.Offset / sizeof(float))
           where matrix is not null
           orderby matrix.Value.offset
           select matrix.Value,
    ];

    private void FillFirstSlot()
    {
        if (Optimizer.InitialSlotValue == 0)
            return; // as memory begins
        float[] values = new float[Math.Min(_bytes / sizeof(float), 1 << 16)];
        values.AsSpan().Fill(Optimizer.InitialSlotValue);
        for (long done = 0; done < _bytes; done += values.Length * sizeof(float))
            _buffer!.Write<float>(done, values.AsSpan(0, (int)Math.Min(values.Length, (_bytes - done) / sizeof(float))));
    }
}

using System.Runtime.CompilerServices;
using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>
/// The native updates of an optimizer, of tensors that lie in one array as in a model: each begins on a cache line of its own. Penalties
/// come before an update, constraints behind it.
/// </summary>
internal sealed class NativeUpdate
{
    private const int Line = 16;

    private readonly NativeContext _context;
    private readonly Optimizer _optimizer;
    private readonly long[] _offsets;
    private readonly nint _op;
    private readonly nint _weights;
    private readonly nint _gradients;
    private readonly nint[] _slots = new nint[3];
    private readonly nint _averages;
    private readonly NativeRules _rules;

    public NativeUpdate(NativeContext context, Optimizer optimizer, params IReadOnlyList<Tensor> weights)
        : this(context, optimizer, weights, [])
    {
    }

    public unsafe NativeUpdate(NativeContext context, Optimizer optimizer, IReadOnlyList<Tensor> weights, IReadOnlyList<WeightRule> rules)
    {
        _context = context;
        _optimizer = optimizer;
        _offsets = [0, .. weights.Select((_, i) => weights.Take(i + 1).Sum(tensor => (tensor.Count + Line - 1L) / Line * Line))];
        cn_optimizer_desc description = optimizer.Describe(Count, optimizer.ClipNorm is null ? 0 : weights.Count);
        description.struct_size = (uint)Unsafe.SizeOf<cn_optimizer_desc>();
        cn_matrix[] kernels = [.. weights.Select((weight, i) => optimizer.MatrixOf($"weight_{i}/kernel", weight.Shape, _offsets[i])).OfType<cn_matrix>()];
        description.matrices = kernels.Length;
        fixed (long* offsets = _offsets)
        fixed (cn_matrix* matrices = kernels)
        {
            nint start = optimizer.ClipNorm is null ? 0 : (nint)offsets, list = (nint)matrices;
            _op = context.Op(
                (nint owner, in cn_optimizer_desc what, out nint op) => Native.cn_optimizer_create(owner, in what, start, list, out op), description);
        }

        _weights = context.Array<float>(Joined(weights));
        _gradients = context.Array<float>(new float[Count]);
        for (int slot = 0; slot < optimizer.SlotCount; slot++)
            _slots[slot] = context.Array<float>([.. Enumerable.Repeat(slot == 0 ? optimizer.InitialSlotValue : 0, Count)]);
        _averages = optimizer.UseEma ? context.Array<float>(new float[Count]) : 0;
        _rules = new NativeRules(context, weights, rules, _offsets);
    }

    public int Updates { get; private set; }

    private int Count => (int)_offsets[^1];

    public void Step(params IReadOnlyList<Tensor> gradients)
    {
        _context.SetState(1, learningRate: _optimizer.RateAfter(Updates), updates: Updates);
        _context.Write<float>(_gradients, Joined(gradients));
        _rules.Add(_weights, _gradients);
        NativeContext.Check(Native.cn_optimizer_step(
            _op, _context.State, _weights, _gradients, _slots[0], _slots[1], _slots[2], _averages, 1));
        _rules.Constrain(_weights);
        Updates++;
    }

    public float[] Weight(Tensor like, int tensor = 0) => Part(_weights, like, tensor);

    public float[] Slot(int slot, Tensor like, int tensor = 0) => Part(_slots[slot], like, tensor);

    public float[] Average(Tensor like, int tensor = 0) => Part(_averages, like, tensor);

    private float[] Part(nint array, Tensor like, int tensor) =>
        _context.Floats(array, Count).AsSpan((int)_offsets[tensor], like.Count).ToArray();

    private float[] Joined(IReadOnlyList<Tensor> tensors)
    {
        float[] joined = new float[Count];
        for (int i = 0; i < tensors.Count; i++)
            tensors[i].ToFloats().CopyTo(joined, _offsets[i]);
        return joined;
    }
}

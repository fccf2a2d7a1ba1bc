using System.ComponentModel;
using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled;

/// <content>What generated code builds upon. Addresses are of the device; offsets are those of the plan.</content>
public abstract partial class Model
{
    /// <summary>The state that every op reads.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint State => _arena.StateAddress;

    /// <summary>Where losses and hits are summed.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint Metrics => _arena.MetricsAddress;

    /// <summary>What each loss value of the batch counts; 0 where all count 1.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint SampleWeights => _isWeighted ? _batchWeights!.Address : 0;

    /// <summary>The address of what a metric sums.</summary>
    /// <param name="index">Its first sum among those of all metrics.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint Sums(int index) => _arena.Sum(index);

    /// <summary>The training pass: all stages, the loss, its gradient; adds to the metrics.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract void ForwardCore();

    /// <summary>The gradients of all weights, after <see cref="ForwardCore"/>.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract void BackwardCore();

    /// <summary>Prediction, into the plan's output.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract void PredictCore();

    /// <summary>Prediction and loss, without gradients; adds to the metrics.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected abstract void EvaluateCore();

    /// <summary>Multiplies normalizations into the weights of prediction, where it takes them so.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected virtual void FoldCore()
    {
    }

    /// <summary>The address of a weight.</summary>
    /// <param name="offset">Its first byte among the weights.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint Parameter(long offset) => _arena.ParameterAddress + (nint)offset;

    /// <summary>The address of a weight's gradient.</summary>
    /// <param name="offset">The weight's first byte among the weights.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint Gradient(long offset) => _arena.GradientAddress + (nint)offset;

    /// <summary>The address of a weight that a normalization is multiplied into.</summary>
    /// <param name="offset">Its first byte among those weights.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint Folded(long offset) => _arena.FoldedAddress + (nint)offset;

    /// <summary>The address of a value.</summary>
    /// <param name="offset">Its place among the values, in bytes per sample of the batch.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint Value(long offset) => _arena.Value(offset);

    /// <summary>Throws when a native call has failed.</summary>
    /// <param name="status">What the call returned.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static void Check(int status) => CompiledException.ThrowIfFailed(status);

    /// <summary>Makes an op of this model.</summary>
    /// <param name="create">The native function.</param>
    /// <param name="description">Everything but struct_size, with which every description begins.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint Create<T>(OpFactory<T> create, T description)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(create);
        Unsafe.As<T, uint>(ref description) = (uint)Unsafe.SizeOf<T>();
        int status = create(_context.Value, in description, out nint op);
        if (status != (int)cn_status_code.CN_STATUS_OK)
        {
            var fault = CompiledException.FromStatus(status);
            Dispose(); // The constructor fails, and nobody else can.
            throw fault;
        }

        _ops.Add(new OpHandle(op));
        return op;
    }

    /// <summary>A native function that makes an op.</summary>
    /// <param name="context">The context it belongs to.</param>
    /// <param name="description">What it is to be.</param>
    /// <param name="op">The op.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected delegate int OpFactory<T>(nint context, in T description, out nint op)
        where T : unmanaged;
}

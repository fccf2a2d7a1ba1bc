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

    /// <summary>The address of a weight.</summary>
    /// <param name="offset">Its first byte among the weights.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint Parameter(long offset) => _arena.ParameterAddress + (nint)offset;

    /// <summary>The address of a weight's gradient.</summary>
    /// <param name="offset">The weight's first byte among the weights.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint Gradient(long offset) => _arena.GradientAddress + (nint)offset;

    /// <summary>The address of a value.</summary>
    /// <param name="offset">Its place among the values, in bytes per sample of the batch.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint Value(long offset) => _arena.Value(offset);

    /// <summary>Throws when a native call has failed.</summary>
    /// <param name="status">What the call returned.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    protected static void Check(int status) => CompiledException.ThrowIfFailed(status);

    /// <summary>Makes a convolution stage for this model's batch.</summary>
    /// <param name="description">Everything but struct_size and batch.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint CreateConv2D(cn_conv2d_desc description)
    {
        description.struct_size = (uint)Unsafe.SizeOf<cn_conv2d_desc>();
        description.batch = BatchSize;
        Check(Native.cn_conv2d_create(_context.Value, in description, out nint op));
        return Own(op);
    }

    /// <summary>Makes a dense stage for this model's batch.</summary>
    /// <param name="description">Everything but struct_size and batch.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint CreateDense(cn_dense_desc description)
    {
        description.struct_size = (uint)Unsafe.SizeOf<cn_dense_desc>();
        description.batch = BatchSize;
        Check(Native.cn_dense_create(_context.Value, in description, out nint op));
        return Own(op);
    }

    /// <summary>Makes a max pooling for this model's batch.</summary>
    /// <param name="description">Everything but struct_size and batch.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint CreateMaxPooling2D(cn_max_pooling2d_desc description)
    {
        description.struct_size = (uint)Unsafe.SizeOf<cn_max_pooling2d_desc>();
        description.batch = BatchSize;
        Check(Native.cn_max_pooling2d_create(_context.Value, in description, out nint op));
        return Own(op);
    }

    /// <summary>Makes an element-wise activation for this model's batch.</summary>
    /// <param name="description">Everything but struct_size and batch.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint CreateActivation(cn_activation_desc description)
    {
        description.struct_size = (uint)Unsafe.SizeOf<cn_activation_desc>();
        description.batch = BatchSize;
        Check(Native.cn_activation_create(_context.Value, in description, out nint op));
        return Own(op);
    }

    /// <summary>Makes a softmax for this model's batch.</summary>
    /// <param name="description">Everything but struct_size and batch.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint CreateSoftmax(cn_softmax_desc description)
    {
        description.struct_size = (uint)Unsafe.SizeOf<cn_softmax_desc>();
        description.batch = BatchSize;
        Check(Native.cn_softmax_create(_context.Value, in description, out nint op));
        return Own(op);
    }

    /// <summary>Makes a dropout for this model's batch.</summary>
    /// <param name="description">Everything but struct_size and batch.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint CreateDropout(cn_dropout_desc description)
    {
        description.struct_size = (uint)Unsafe.SizeOf<cn_dropout_desc>();
        description.batch = BatchSize;
        Check(Native.cn_dropout_create(_context.Value, in description, out nint op));
        return Own(op);
    }

    /// <summary>Makes a loss for this model's batch.</summary>
    /// <param name="description">Everything but struct_size and batch.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected nint CreateLoss(cn_loss_desc description)
    {
        description.struct_size = (uint)Unsafe.SizeOf<cn_loss_desc>();
        description.batch = BatchSize;
        Check(Native.cn_loss_create(_context.Value, in description, out nint op));
        return Own(op);
    }

    private nint Own(nint op)
    {
        _ops.Add(new OpHandle(op));
        return op;
    }
}

using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled.Benchmarks;

/// <summary>A layer with what follows it: as one native call, and as one call per layer.</summary>
internal abstract unsafe class NativeStage : IDisposable
{
    private readonly List<nint> _buffers = [];
    private readonly List<nint> _ops = [];
    private readonly nint _context;
    private readonly nint _state;

    private protected NativeStage(int batch)
    {
        _ = Device.Default; // Finds the native library.
        var description = new cn_context_desc { struct_size = (uint)sizeof(cn_context_desc) };
        Check(Native.cn_context_create(in description, out _context));
        _state = Allocate(sizeof(cn_state));
        *(cn_state*)_state = new cn_state { rows = batch };
        Batch = batch;
    }

    private protected int Batch { get; }

    private protected nint State => _state;

    public static NativeStage Create(string name, int batch, bool fused) => name switch
    {
        "Conv2D 32, same, ReLU" => new ConvolutionStage(batch, new(Extent: 32, Channels: 3, Filters: 32, IsSame: true, Computed: 32), fused),
        "Conv2D 32, ReLU, MaxPooling2D, Dropout" => new ConvolutionStage(batch, new(Extent: 32, Channels: 32, Filters: 32, IsSame: false, Computed: 30), fused),
        "Conv2D 64, same, ReLU" => new ConvolutionStage(batch, new(Extent: 15, Channels: 32, Filters: 64, IsSame: true, Computed: 14), fused),
        "Conv2D 64, ReLU, MaxPooling2D, Dropout" => new ConvolutionStage(batch, new(Extent: 15, Channels: 64, Filters: 64, IsSame: false, Computed: 12), fused),
        "Dense 512, ReLU, Dropout" => new DenseStage(batch, inputs: 6 * 6 * 64, units: 512, fused),
        _ => throw new ArgumentException($"There is no stage '{name}'.", nameof(name)),
    };

    public abstract void Forward();

    public abstract void Backward();

    public void Dispose()
    {
        foreach (nint op in _ops)
            Check(Native.cn_op_destroy(op));
        foreach (nint buffer in _buffers)
            Check(Native.cn_buffer_destroy(buffer));
        Check(Native.cn_context_destroy(_context));
        GC.SuppressFinalize(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private protected static void Check(int status)
    {
        if (status != 0)
            throw new InvalidOperationException($"Native call failed with status {status}.");
    }

    /// <summary>Memory for floats in [-1, 1), half of them negative.</summary>
    private protected nint Floats(long count)
    {
        nint address = Allocate(count * sizeof(float));
        for (long i = 0; i < count; i++)
            ((float*)address)[i] = 2 * Philox.Uniform(seed: 0, stream: 0, step: 0, (ulong)i) - 1;
        return address;
    }

    private protected nint Allocate(long bytes)
    {
        Check(Native.cn_buffer_create(_context, bytes, out nint buffer));
        _buffers.Add(buffer);
        Check(Native.cn_buffer_address(buffer, out nint address));
        return address;
    }

    private protected nint CreateConvolution(cn_conv2d_desc description)
    {
        description.struct_size = (uint)sizeof(cn_conv2d_desc);
        description.batch = Batch;
        Check(Native.cn_conv2d_create(_context, in description, out nint op));
        return Own(op);
    }

    private protected nint CreateDense(cn_dense_desc description)
    {
        description.struct_size = (uint)sizeof(cn_dense_desc);
        description.batch = Batch;
        Check(Native.cn_dense_create(_context, in description, out nint op));
        return Own(op);
    }

    private protected nint CreateRelu(long count)
    {
        var description = new cn_activation_desc
        {
            struct_size = (uint)sizeof(cn_activation_desc),
            activation = (int)cn_activation.CN_ACTIVATION_RELU,
            batch = Batch,
            count = count,
            input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
        };
        Check(Native.cn_activation_create(_context, in description, out nint op));
        return Own(op);
    }

    private protected nint CreateMaxPooling(cn_max_pooling2d_desc description)
    {
        description.struct_size = (uint)sizeof(cn_max_pooling2d_desc);
        description.batch = Batch;
        Check(Native.cn_max_pooling2d_create(_context, in description, out nint op));
        return Own(op);
    }

    private protected nint CreateDropout(long count, float rate)
    {
        var description = new cn_dropout_desc
        {
            struct_size = (uint)sizeof(cn_dropout_desc),
            rate = rate,
            batch = Batch,
            count = count,
            input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
        };
        Check(Native.cn_dropout_create(_context, in description, out nint op));
        return Own(op);
    }

    private nint Own(nint op)
    {
        _ops.Add(op);
        return op;
    }
}

using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled;

/// <summary>Where models run: the processor with its threads or a GPU, and the memory of the models on it.</summary>
/// <remarks>
/// Models on one device may be used from several threads; their steps take turns. Each device made by <see cref="Cpu"/> has threads of its
/// own, and each made by <see cref="Cuda"/> a stream of its own, which end when it and its models are disposed.
/// </remarks>
public sealed class Device : IDisposable
{
    private readonly ContextHandle _context;
    private readonly bool _isDefault;
    private bool _disposed;

    private Device(in cn_context_desc description, bool isDefault)
    {
        NativeLoader.EnsureLoaded();
        _isDefault = isDefault;
        cn_context_desc sized = description with { struct_size = (uint)Unsafe.SizeOf<cn_context_desc>() };
        _context = new ContextHandle(in sized);
        Name = NativeText.Get((nint text, long capacity, out long length) =>
            Native.cn_context_describe(_context.Value, text, capacity, out length));
        cn_context_info info = Info();
        Kind = (DeviceKind)info.device;
        Threads = info.threads;
        InstructionSet = (InstructionSet)info.instruction_set;
        RecordsGraphs = info.records_graphs != 0;
    }

    /// <summary>
    /// The device for whoever has no wish: the first GPU if one can be used, else this processor with all its threads. The environment
    /// variable <c>COMPILED_DEVICE</c> chooses another: <c>cpu</c>, <c>cuda</c>, or <c>cuda:N</c>. It lives as long as the process.
    /// </summary>
    /// <exception cref="CompiledException">The environment asks for a device that cannot be used, or cannot be understood.</exception>
    public static Device Default => DefaultDevice.Instance.Device;

    /// <summary>What it is.</summary>
    public DeviceKind Kind { get; }

    /// <summary>A name for people: the processor with instruction set and threads, or the GPU with compute capability and memory.</summary>
    public string Name { get; }

    /// <summary>The number of CPU threads that compute, the calling one included; 1 on a GPU. Results do not depend on it.</summary>
    public int Threads { get; }

    /// <summary>The instructions of the CPU in use, never <see cref="InstructionSet.Best"/>; without meaning on a GPU.</summary>
    public InstructionSet InstructionSet { get; }

    /// <summary>Bytes that the models on this device hold.</summary>
    public long BufferBytes => Info().buffer_bytes;

    /// <summary>Bytes of scratch memory that the models on this device share.</summary>
    public long ScratchBytes => Info().scratch_bytes;

    /// <summary>Bytes of the GPU's memory; 0 on the CPU.</summary>
    public long TotalMemoryBytes => Info().total_bytes;

    /// <summary>Bytes of the GPU's memory that no program holds at the moment; 0 on the CPU.</summary>
    public long FreeMemoryBytes => Info().free_bytes;

    /// <summary>Whether a training step can be recorded and repeated as one call.</summary>
    internal bool RecordsGraphs { get; }

    /// <summary>Held by a model while it runs: the ops of a context run one at a time.</summary>
    internal Lock Gate { get; } = new();

    internal ContextHandle Context
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _context;
        }
    }

    /// <summary>Makes a device of this processor.</summary>
    /// <param name="threads">How many threads compute, the calling one included; 0 for all processors.</param>
    /// <param name="instructionSet">Which kernels to use; the widest that the processor has by default.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="threads"/> is not in [0, 1024].</exception>
    /// <exception cref="CompiledException">The processor lacks the instruction set.</exception>
    public static Device Cpu(int threads = 0, InstructionSet instructionSet = InstructionSet.Best)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threads, 1024);
        return MakeCpu(threads, instructionSet);
    }

    /// <summary>Makes a device of an NVIDIA GPU; it takes compute capability 8.0 or later and the library <c>libcompiled_cuda</c>.</summary>
    /// <param name="ordinal">Which GPU, as CUDA counts them from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ordinal"/> is negative.</exception>
    /// <exception cref="CompiledException">There is no such GPU, or it cannot be used; the message says why.</exception>
    public static Device Cuda(int ordinal = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ordinal);
        return MakeCuda(ordinal);
    }

    /// <summary>Says in a sentence which device <see cref="Default"/> is, and why.</summary>
    public static string Explain() => $"{Default.Name} ({DefaultDevice.Instance.Reason})";

    /// <summary>Waits until the device has done all that was asked of it.</summary>
    public void Synchronize() => Use(context => CompiledException.ThrowIfFailed(Native.cn_context_synchronize(context)));

    /// <summary>
    /// Ends the device's use. Models that are on it stay usable, with any optimizer, until they are disposed themselves; new ones are
    /// refused. Does nothing for <see cref="Default"/>.
    /// </summary>
    public void Dispose()
    {
        if (_isDefault || _disposed)
            return;
        _disposed = true;
        _context.Dispose();
    }

    /// <inheritdoc/>
    public override string ToString() => Name;

    internal static Device MakeCpu(int threads = 0, InstructionSet instructionSet = InstructionSet.Best, bool isDefault = false) => new(
        new cn_context_desc
        {
            device = (int)cn_device.CN_DEVICE_CPU,
            threads = threads,
            instruction_set = (int)instructionSet,
        },
        isDefault);

    internal static Device MakeCuda(int ordinal, bool isDefault = false) =>
        new(new cn_context_desc { device = (int)cn_device.CN_DEVICE_CUDA, ordinal = ordinal }, isDefault);

    private cn_context_info Info()
    {
        cn_context_info info = default;
        Use(_ => info = _context.Info());
        return info;
    }

    /// <summary>Calls with the context, which a <see cref="Dispose"/> on another thread frees only after the call.</summary>
    private void Use(Action<nint> call)
    {
        ContextHandle context = Context;
        bool held = false;
        try
        {
            context.DangerousAddRef(ref held);
            call(context.Value);
        }
        finally
        {
            if (held)
                context.DangerousRelease();
        }
    }
}

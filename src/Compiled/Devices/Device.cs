using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled;

/// <summary>Where models run: a processor with its threads, and the memory of the models on it.</summary>
/// <remarks>
/// Models on one device may be used from several threads; their steps take turns. Each device made by <see cref="Cpu"/> has threads of its
/// own, which end when it and its models are disposed.
/// </remarks>
public sealed class Device : IDisposable
{
    private static readonly Lazy<Device> LazyDefault = new(() => new Device(threads: 0, InstructionSet.Best, isDefault: true));

    private readonly ContextHandle _context;
    private readonly bool _isDefault;
    private bool _disposed;

    private Device(int threads, InstructionSet instructionSet, bool isDefault)
    {
        NativeLoader.EnsureLoaded();
        _isDefault = isDefault;
        _context = new ContextHandle(new cn_context_desc
        {
            struct_size = (uint)Unsafe.SizeOf<cn_context_desc>(),
            device = (int)cn_device.CN_DEVICE_CPU,
            threads = threads,
            instruction_set = (int)instructionSet,
        });
        Name = NativeText.Get((nint text, long capacity, out long length) =>
            Native.cn_context_describe(_context.Value, text, capacity, out length));
        cn_context_info info = Info();
        Threads = info.threads;
        InstructionSet = (InstructionSet)info.instruction_set;
    }

    /// <summary>The device for whoever has no wish: this processor with all its threads. It lives as long as the process.</summary>
    public static Device Default => LazyDefault.Value;

    /// <summary>A name for people, with instruction set and threads.</summary>
    public string Name { get; }

    /// <summary>The number of threads that compute, the calling one included. Results do not depend on it.</summary>
    public int Threads { get; }

    /// <summary>The instructions in use, never <see cref="InstructionSet.Best"/>.</summary>
    public InstructionSet InstructionSet { get; }

    /// <summary>Bytes that the models on this device hold.</summary>
    public long BufferBytes => Info().buffer_bytes;

    /// <summary>Bytes of scratch memory that the models on this device share.</summary>
    public long ScratchBytes => Info().scratch_bytes;

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
        return new Device(threads, instructionSet, isDefault: false);
    }

    /// <summary>Says in a sentence which device <see cref="Default"/> is, and why.</summary>
    public static string Explain() => $"{Default.Name} (the CPU: this build has no other backend)";

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

    private cn_context_info Info()
    {
        cn_context_info info = new() { struct_size = (uint)Unsafe.SizeOf<cn_context_info>() };
        Use(context => CompiledException.ThrowIfFailed(Native.cn_context_get_info(context, ref info)));
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

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Compiled.Interop;

namespace Compiled.Tests;

/// <summary>A context of the C interface, for tests of single ops. Arrays are device addresses: the host copies to and from them.</summary>
public sealed class NativeContext : IDisposable
{
    private readonly Dictionary<nint, nint> _buffers = [];
    private readonly List<nint> _ops = [];
    private readonly nint _context;

    public NativeContext(Target? target = null, int threads = 1)
    {
        target ??= new Target(DeviceKind.Cpu, InstructionSet.Best);
        _ = Target.All.Count; // The runtime's loader finds the library.
        var desc = new cn_context_desc
        {
            struct_size = (uint)Unsafe.SizeOf<cn_context_desc>(),
            device = (int)target.Kind,
            threads = threads,
            instruction_set = (int)target.InstructionSet,
        };
        Check(Native.cn_context_create(in desc, out _context));
        State = Buffer(Unsafe.SizeOf<cn_state>());
        Metrics = Buffer(Unsafe.SizeOf<cn_metrics>());
    }

    public delegate int Create<T>(nint context, in T description, out nint op);

    public nint State { get; }

    public nint Metrics { get; }

    public static void Check(int status)
    {
        if (status != 0)
            throw new CompiledException(Marshal.PtrToStringUTF8(Native.cn_last_error())!);
    }

    public void SetState(long rows, ulong seed = 7, ulong step = 0, double learningRate = 0, long updates = 0) => Write<cn_state>(
        State, [new cn_state { rows = rows, seed = seed, step = step, updates = (ulong)updates, learning_rate = learningRate }]);

    public cn_metrics ReadMetrics() => Read<cn_metrics>(Metrics, 1)[0];

    public nint Op<T>(Create<T> create, in T description)
    {
        Check(create(_context, in description, out nint op));
        _ops.Add(op);
        return op;
    }

    public nint Array<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        nint address = Buffer(Math.Max(1, values.Length) * Unsafe.SizeOf<T>());
        Write(address, values);
        return address;
    }

    public nint Array(Reference.Tensor tensor) => Array<float>(tensor.ToFloats());

    /// <summary>Values that an op must overwrite: were they to survive anywhere, a comparison would see them.</summary>
    public nint Garbage(int count) => Array<float>([.. Enumerable.Repeat(float.NaN, count)]);

    public float[] Floats(nint address, int count) => Read<float>(address, count);

    public T[] Values<T>(nint address, int count)
        where T : unmanaged => Read<T>(address, count);

    /// <summary>Overwrites the beginning of an array.</summary>
    public unsafe void Write<T>(nint address, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        fixed (T* start = values)
            Check(Native.cn_buffer_write(_buffers[address], 0, (nint)start, values.Length * sizeof(T)));
    }

    public void Dispose()
    {
        foreach (nint op in _ops)
            Check(Native.cn_op_destroy(op));
        foreach (nint buffer in _buffers.Values)
            Check(Native.cn_buffer_destroy(buffer));
        Check(Native.cn_context_destroy(_context));
    }

    private unsafe T[] Read<T>(nint address, int count)
        where T : unmanaged
    {
        var values = new T[count];
        fixed (T* start = values)
            Check(Native.cn_buffer_read(_buffers[address], 0, (nint)start, count * sizeof(T)));
        return values;
    }

    private nint Buffer(long bytes)
    {
        Check(Native.cn_buffer_create(_context, bytes, out nint buffer));
        Check(Native.cn_buffer_address(buffer, out nint address));
        _buffers.Add(address, buffer);
        return address;
    }
}

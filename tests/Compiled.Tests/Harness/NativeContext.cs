using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Compiled.Interop;

namespace Compiled.Tests;

/// <summary>A context of the C interface, for tests of single ops.</summary>
public sealed class NativeContext : IDisposable
{
    private readonly List<nint> _buffers = [];
    private readonly List<nint> _ops = [];
    private readonly nint _context;

    public NativeContext(InstructionSet instructionSet = InstructionSet.Best, int threads = 1)
    {
        _ = Device.Default; // The runtime's loader finds the library.
        var desc = new cn_context_desc
        {
            struct_size = (uint)Unsafe.SizeOf<cn_context_desc>(),
            threads = threads,
            instruction_set = (int)instructionSet,
        };
        Check(Native.cn_context_create(in desc, out _context));
        State = Buffer(Unsafe.SizeOf<cn_state>());
        Metrics = Buffer(Unsafe.SizeOf<cn_metrics>());
    }

    /// <summary>Whether this machine and build can run an instruction set.</summary>
    public delegate int Create<T>(nint context, in T description, out nint op);

    public nint State { get; }

    public nint Metrics { get; }

    /// <summary>The instruction sets of this machine and build; the 16-lane code stands in for AVX-512 where that is missing.</summary>
    public static IReadOnlyList<InstructionSet> InstructionSets { get; } = [.. Enum.GetValues<InstructionSet>()
        .Where(set => set != InstructionSet.Best && Exists(set))];

    public static void Check(int status)
    {
        if (status != 0)
            throw new CompiledException(Marshal.PtrToStringUTF8(Native.cn_last_error())!);
    }

    public unsafe void SetState(long rows, ulong seed = 7, ulong step = 0, double learningRate = 0) =>
        *(cn_state*)State = new cn_state { rows = rows, seed = seed, step = step, learning_rate = learningRate };

    public unsafe cn_metrics ReadMetrics() => *(cn_metrics*)Metrics;

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
        values.CopyTo(Span<T>(address, values.Length));
        return address;
    }

    public nint Array(Reference.Tensor tensor) => Array<float>(tensor.ToFloats());

    /// <summary>Values that an op must overwrite: were they to survive anywhere, a comparison would see them.</summary>
    public nint Garbage(int count) => Array<float>([.. Enumerable.Repeat(float.NaN, count)]);

    public unsafe Span<T> Span<T>(nint address, int count)
        where T : unmanaged => new((void*)address, count);

    public float[] Floats(nint address, int count) => Span<float>(address, count).ToArray();

    public void Dispose()
    {
        foreach (nint op in _ops)
            Check(Native.cn_op_destroy(op));
        foreach (nint buffer in _buffers)
            Check(Native.cn_buffer_destroy(buffer));
        Check(Native.cn_context_destroy(_context));
    }

    private static bool Exists(InstructionSet set)
    {
        try
        {
            using var context = new NativeContext(set);
            return true;
        }
        catch (CompiledException)
        {
            return false;
        }
    }

    private nint Buffer(long bytes)
    {
        Check(Native.cn_buffer_create(_context, bytes, out nint buffer));
        _buffers.Add(buffer);
        Check(Native.cn_buffer_address(buffer, out nint address));
        return address;
    }
}

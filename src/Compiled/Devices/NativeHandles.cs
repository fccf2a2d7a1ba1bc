using System.Runtime.CompilerServices;
using Compiled.Interop;
using Microsoft.Win32.SafeHandles;

namespace Compiled;

/// <summary>A native context. The library frees it once the last op and buffer made in it are gone, so finalizers may run in any order.</summary>
internal sealed class ContextHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public ContextHandle(in cn_context_desc description)
        : base(ownsHandle: true)
    {
        CompiledException.ThrowIfFailed(Native.cn_context_create(in description, out nint context));
        SetHandle(context);
    }

    public nint Value => handle;

    /// <summary>What the library says of it; to whoever holds it, also after the device was disposed.</summary>
    public cn_context_info Info()
    {
        cn_context_info info = new() { struct_size = (uint)Unsafe.SizeOf<cn_context_info>() };
        CompiledException.ThrowIfFailed(Native.cn_context_get_info(handle, ref info));
        return info;
    }

    protected override bool ReleaseHandle() => Native.cn_context_destroy(handle) == (int)cn_status_code.CN_STATUS_OK;
}

/// <summary>Device memory. It holds its context, so whoever has a buffer can still make ops.</summary>
internal sealed class BufferHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly ContextHandle _context;

    public BufferHandle(ContextHandle context, long bytes)
        : base(ownsHandle: true)
    {
        _context = context;
        SetHandle(Create(context, bytes));
        CompiledException.ThrowIfFailed(Native.cn_buffer_address(handle, out nint address));
        Address = address;
        Bytes = bytes;
    }

    public nint Value => handle;

    public nint Address { get; }

    public long Bytes { get; }

    /// <summary>Copies to the device; the source may change again at once.</summary>
    public unsafe void Write<T>(long offset, ReadOnlySpan<T> source)
        where T : unmanaged
    {
        fixed (T* start = source)
            CompiledException.ThrowIfFailed(Native.cn_buffer_write(handle, offset, (nint)start, (long)source.Length * sizeof(T)));
    }

    /// <summary>Copies from the device, after everything asked of it before.</summary>
    public unsafe void Read<T>(long offset, Span<T> target)
        where T : unmanaged
    {
        fixed (T* start = target)
            CompiledException.ThrowIfFailed(Native.cn_buffer_read(handle, offset, (nint)start, (long)target.Length * sizeof(T)));
    }

    public void Clear(long offset, long bytes) => CompiledException.ThrowIfFailed(Native.cn_buffer_clear(handle, offset, bytes));

    protected override bool ReleaseHandle()
    {
        bool freed = Native.cn_buffer_destroy(handle) == (int)cn_status_code.CN_STATUS_OK;
        _context.DangerousRelease();
        return freed;
    }

    private static nint Create(ContextHandle context, long bytes)
    {
        bool held = false;
        context.DangerousAddRef(ref held);
        try
        {
            int status = Native.cn_buffer_create(context.Value, bytes, out nint buffer);
            CompiledException.ThrowIfFailed(status);
            return buffer;
        }
        catch
        {
            context.DangerousRelease();
            throw;
        }
    }
}

/// <summary>A native op.</summary>
internal sealed class OpHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public OpHandle(nint op)
        : base(ownsHandle: true)
    {
        SetHandle(op);
    }

    public nint Value => handle;

    protected override bool ReleaseHandle() => Native.cn_op_destroy(handle) == (int)cn_status_code.CN_STATUS_OK;
}

/// <summary>Recorded runs of ops.</summary>
internal sealed class GraphHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    public GraphHandle(nint graph)
        : base(ownsHandle: true)
    {
        SetHandle(graph);
    }

    public nint Value => handle;

    protected override bool ReleaseHandle() => Native.cn_graph_destroy(handle) == (int)cn_status_code.CN_STATUS_OK;
}

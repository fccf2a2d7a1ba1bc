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

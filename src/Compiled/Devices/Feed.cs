using System.Runtime.CompilerServices;
using Compiled.Interop;
using Microsoft.Win32.SafeHandles;

namespace Compiled;

/// <summary>
/// The way of batches into device memory: a ring of areas that the host fills while the device still copies from the ones before. On the
/// CPU the only area is the target itself.
/// </summary>
internal sealed class Feed : SafeHandleZeroOrMinusOneIsInvalid
{
    public Feed(BufferHandle buffer, long offset, long bytes, int areas)
        : base(ownsHandle: true)
    {
        CompiledException.ThrowIfFailed(Native.cn_feed_create(buffer.Value, offset, bytes, areas, out nint feed));
        SetHandle(feed);
    }

    /// <summary>The next area, to be filled; its contents are undefined.</summary>
    public unsafe Span<T> Next<T>(int count)
        where T : unmanaged
    {
        CompiledException.ThrowIfFailed(Native.cn_feed_next(handle, out nint area));
        return new Span<T>((void*)area, count);
    }

    /// <summary>Sends the first elements of the area that <see cref="Next"/> gave last.</summary>
    public void Send<T>(int count)
        where T : unmanaged => CompiledException.ThrowIfFailed(Native.cn_feed_send(handle, (long)count * Unsafe.SizeOf<T>()));

    protected override bool ReleaseHandle() => Native.cn_feed_destroy(handle) == (int)cn_status_code.CN_STATUS_OK;
}

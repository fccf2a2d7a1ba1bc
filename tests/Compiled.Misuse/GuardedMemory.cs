using System.Runtime.InteropServices;

namespace Compiled.Misuse;

/// <summary>
/// Arrays that end where an inaccessible page begins: whoever reads or writes one element too many ends the process. On Windows they are
/// just arrays.
/// </summary>
internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int None = 0;
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;
    private const int PrivateAnonymousOnMac = 0x1002;

    private readonly List<(nint Start, nint Bytes)> _blocks = [];

    /// <summary>So many floats, each 0.5.</summary>
    public nint Floats(long count)
    {
        nint address = Bytes(count * sizeof(float));
        new Span<float>((void*)address, (int)count).Fill(0.5f);
        return address;
    }

    /// <summary>So many bytes, all 0.</summary>
    public nint Bytes(long count)
    {
        nint page = Environment.SystemPageSize;
        nint data = (nint)((count + page - 1) / page * page);
        if (OperatingSystem.IsWindows())
        {
            _blocks.Add(((nint)NativeMemory.AllocZeroed((nuint)data), data));
            return _blocks[^1].Start;
        }

        nint start = Map(0, data + page, ReadWrite, OperatingSystem.IsMacOS() ? PrivateAnonymousOnMac : PrivateAnonymous, -1, 0);
        Expect.That(start > 0, "memory to be mapped");
        _blocks.Add((start, data + page));
        Expect.That(Protect(start + data, page, None) == 0, "a page to be protected");
        return start + data - (nint)count;
    }

    public void Dispose()
    {
        foreach ((nint start, nint bytes) in _blocks)
        {
            if (OperatingSystem.IsWindows())
                NativeMemory.Free((void*)start);
            else
                _ = Unmap(start, bytes);
        }
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nint bytes, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nint bytes, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nint bytes);
}

using System.Text;

namespace Compiled;

/// <summary>The text protocol of compiled.h: ask for the length, then for the text.</summary>
internal static unsafe class NativeText
{
    public delegate int Read(nint text, long capacity, out long length);

    public static string Get(Read read)
    {
        CompiledException.ThrowIfFailed(read(0, 0, out long length));
        byte[] text = new byte[length + 1];
        fixed (byte* start = text)
            CompiledException.ThrowIfFailed(read((nint)start, text.Length, out _));
        return Encoding.UTF8.GetString(text, 0, (int)length);
    }
}

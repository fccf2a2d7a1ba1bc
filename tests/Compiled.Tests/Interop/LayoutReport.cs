using System.Text;
using Compiled.Interop;

namespace Compiled.Tests;

/// <summary>The report of the native library about its structs and functions.</summary>
public static class LayoutReport
{
    /// <summary>What the loaded library reports.</summary>
    public static unsafe string Read()
    {
        _ = Device.Default; // The runtime's loader finds the library.
        NativeContext.Check(Native.cn_layout_report(0, 0, out long length));
        byte[] text = new byte[length + 1];
        fixed (byte* start = text)
            NativeContext.Check(Native.cn_layout_report((nint)start, text.Length, out _));
        return Encoding.UTF8.GetString(text, 0, (int)length);
    }

    /// <summary>The lines of a report, each by itself: a field carries the name of its struct.</summary>
    public static IEnumerable<string> Lines(string report)
    {
        string owner = "";
        foreach (string line in report.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            owner = words[0] == "struct" ? words[1] : owner;
            yield return words[0] == "field" ? $"field {owner}.{string.Join(' ', words[1..])}" : line;
        }
    }
}

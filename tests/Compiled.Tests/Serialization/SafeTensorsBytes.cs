using System.Buffers.Binary;
using System.Text;

namespace Compiled.Tests;

/// <summary>Files of the format, made by hand.</summary>
internal static class SafeTensorsBytes
{
    public static byte[] File(string header, int dataBytes) => File(Encoding.UTF8.GetBytes(header), dataBytes);

    public static byte[] File(byte[] header, int dataBytes) => File((ulong)header.Length, header, dataBytes);

    public static byte[] File(ulong announced, byte[] header, int dataBytes)
    {
        byte[] file = new byte[sizeof(ulong) + header.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, announced);
        header.CopyTo(file, sizeof(ulong));
        return file;
    }

    /// <summary>The entry of a tensor.</summary>
    public static string Entry(string name, string type, string shape, string begin, string end) =>
        $$"""
        "{{name}}":{"dtype":"{{type}}","shape":[{{shape}}],"data_offsets":[{{begin}},{{end}}]}
        """;
}

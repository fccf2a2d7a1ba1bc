using System.Buffers.Binary;

namespace Compiled;

/// <summary>
/// A safetensors file held in memory: named tensors and flat text metadata, never code. Every rule of the format is checked before
/// a tensor can be reached: header size and encoding, unique names, known types, and data regions that are contiguous, do not
/// overlap and end where the file ends.
/// </summary>
/// <remarks>Format: 8 bytes little-endian header length, UTF-8 JSON header, raw little-endian row-major data.</remarks>
public sealed class SafeTensorsFile
{
    internal const int LengthBytes = sizeof(ulong);

    private readonly ReadOnlyMemory<byte> _data;
    private readonly Dictionary<string, SafeTensor> _byName;

    private SafeTensorsFile(ReadOnlyMemory<byte> data, SafeTensorsHeader header)
    {
        _data = data;
        Tensors = header.Tensors;
        Metadata = header.Metadata;
        _byName = header.Tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>The tensors, in the order of their data.</summary>
    public IReadOnlyList<SafeTensor> Tensors { get; }

    /// <summary>The <c>__metadata__</c> of the file; empty when there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads a whole file.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file breaks a rule of the format; the message names the file, the byte and the rule.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SafeTensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        // The header is judged against the real length of the file before anything of the announced size is allocated.
        using FileStream file = File.OpenRead(path);
        if (file.Length > Array.MaxLength)
            throw Broken(path, 0, $"the file has {file.Length:N0} bytes; the limit is {Array.MaxLength:N0}");
        byte[] bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return Parse(bytes, path);
    }

    /// <summary>Reads the content of a file.</summary>
    /// <param name="content">The bytes; they are kept, not copied.</param>
    /// <param name="source">What error messages call the content; usually a path.</param>
    /// <exception cref="InvalidDataException">The content breaks a rule of the format.</exception>
    public static SafeTensorsFile Parse(ReadOnlyMemory<byte> content, string source)
    {
        ArgumentException.ThrowIfNullOrEmpty(source);
        if (content.Length < LengthBytes)
            throw Broken(source, 0, $"the file has {content.Length} bytes; a safetensors file has at least {LengthBytes}");
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(content.Span);
        if (length > SafeTensorsHeader.MaxBytes)
            throw Broken(source, 0, $"the header is said to have {length:N0} bytes; the limit is {SafeTensorsHeader.MaxBytes:N0}");
        if ((long)length > content.Length - LengthBytes)
            throw Broken(source, 0, $"the header is said to have {length:N0} bytes, but only {content.Length - LengthBytes:N0} follow");

        ReadOnlyMemory<byte> data = content[(LengthBytes + (int)length)..];
        var header = SafeTensorsHeader.Parse(content.Slice(LengthBytes, (int)length).Span, data.Length, source);
        return new SafeTensorsFile(data, header);
    }

    /// <summary>Finds a tensor by name; null when the file has none of that name.</summary>
    /// <param name="name">The key, compared ordinally.</param>
    public SafeTensor? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The raw bytes of a tensor of this file.</summary>
    /// <param name="tensor">One of <see cref="Tensors"/>.</param>
    /// <exception cref="ArgumentException">It is of another file.</exception>
    public ReadOnlySpan<byte> Data(SafeTensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!ReferenceEquals(Find(tensor.Name), tensor))
            throw new ArgumentException($"The tensor '{tensor.Name}' is not one of this file's.", nameof(tensor));
        return _data.Span.Slice((int)tensor.Offset, (int)tensor.Length);
    }

    internal static InvalidDataException Broken(string source, long offset, string rule) =>
        new($"'{source}' is not a valid safetensors file: at byte {offset:N0}, {rule}.");
}

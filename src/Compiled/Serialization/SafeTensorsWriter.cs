using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Compiled;

/// <summary>Collects tensors and writes them as one safetensors file, replacing an older file as a whole.</summary>
/// <remarks>Equal tensors give equal bytes: tensors keep the order in which they were added, metadata is sorted by key.</remarks>
public sealed class SafeTensorsWriter
{
    private const int Alignment = 8;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly List<(SafeTensor Tensor, ReadOnlyMemory<byte> Data)> _tensors = [];
    private readonly SortedDictionary<string, string> _metadata = new(StringComparer.Ordinal);
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private long _end;

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its key, at most 256 bytes of UTF-8; must not have been added before.</param>
    /// <param name="type">The element type.</param>
    /// <param name="shape">The extents, outermost first, at most 8; empty for a scalar.</param>
    /// <param name="data">The raw little-endian, row-major elements; read when the file is written.</param>
    /// <exception cref="ArgumentException">
    /// The name is taken, reserved, too long or no valid text; the shape has too many axes or a negative one; the data is not of its size.
    /// </exception>
    public void Add(string name, TensorType type, ReadOnlySpan<int> shape, ReadOnlyMemory<byte> data)
    {
        RequireName(name);
        long length = Length(name, type, shape);
        if (length != data.Length)
            throw new ArgumentException(
                $"Tensor '{name}' ({string.Join('×', shape.ToArray())}) has {length:N0} bytes, not {data.Length:N0}.", nameof(data));
        if (_tensors.Count == SafeTensorsHeader.MaxEntries)
            throw new ArgumentException($"A file has at most {SafeTensorsHeader.MaxEntries:N0} tensors.", nameof(name));
        if (!_names.Add(name))
            throw new ArgumentException($"The name '{name}' is taken.", nameof(name));
        long[] extents = [.. shape.ToArray().Select(extent => (long)extent)];
        _tensors.Add((new SafeTensor(name, type, extents, _end, length), data));
        _end += length;
    }

    /// <summary>Adds a line of metadata.</summary>
    /// <param name="key">The key; an older value is replaced.</param>
    /// <param name="value">The text.</param>
    public void AddMetadata(string key, string value)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        _metadata[key] = value;
    }

    /// <summary>Writes the file: to a temporary file in the same directory first, flushed, then renamed.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <exception cref="IOException">The file cannot be written; an older one is untouched.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, Write);
    }

    /// <summary>Writes the file's content to a stream.</summary>
    /// <param name="stream">Where to write.</param>
    public void Write(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        byte[] header = Header();
        Span<byte> length = stackalloc byte[SafeTensorsFile.LengthBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach ((_, ReadOnlyMemory<byte> data) in _tensors)
            stream.Write(data.Span);
    }

    /// <summary>What is written must be readable: the limits are those of <see cref="SafeTensorsHeader"/>.</summary>
    private static void RequireName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name == SafeTensorsHeader.MetadataKey)
            throw new ArgumentException($"The name '{name}' is reserved.", nameof(name));
        int bytes;
        try
        {
            bytes = StrictUtf8.GetByteCount(name);
        }
        catch (EncoderFallbackException fault)
        {
            throw new ArgumentException("The name holds half a surrogate pair, which no UTF-8 text can.", nameof(name), fault);
        }

        if (bytes > SafeTensorsHeader.MaxNameBytes)
            throw new ArgumentException(
                $"The name '{name}' has {bytes:N0} bytes; the limit is {SafeTensorsHeader.MaxNameBytes}.", nameof(name));
    }

    private static long Length(string name, TensorType type, ReadOnlySpan<int> shape)
    {
        if (shape.Length > SafeTensorsHeader.MaxRank)
            throw new ArgumentException(
                $"Tensor '{name}' has {shape.Length} axes; the limit is {SafeTensorsHeader.MaxRank}.", nameof(shape));
        long length = TensorTypes.Bytes(type);
        foreach (int extent in shape)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(extent, nameof(shape));
            if (extent > 0 && length > long.MaxValue / extent)
                throw new ArgumentException(
                    $"The size of tensor '{name}' ({string.Join('×', shape.ToArray())}) overflows 64 bits.", nameof(shape));
            length *= extent;
        }

        return length;
    }

    private byte[] Header()
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (_metadata.Count > 0)
            {
                json.WriteStartObject(SafeTensorsHeader.MetadataKey);
                foreach ((string key, string value) in _metadata)
                    json.WriteString(key, value);
                json.WriteEndObject();
            }

            foreach ((SafeTensor tensor, _) in _tensors)
                WriteTensor(json, tensor);
            json.WriteEndObject();
        }

        // Padding with spaces keeps the data aligned for readers that map the file.
        while (buffer.Length % Alignment != 0)
            buffer.WriteByte((byte)' ');
        return buffer.ToArray();
    }

    private static void WriteTensor(Utf8JsonWriter json, SafeTensor tensor)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", TensorTypes.Name(tensor.Type));
        json.WriteStartArray("shape");
        foreach (long extent in tensor.Shape)
            json.WriteNumberValue(extent);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(tensor.Offset);
        json.WriteNumberValue(tensor.Offset + tensor.Length);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

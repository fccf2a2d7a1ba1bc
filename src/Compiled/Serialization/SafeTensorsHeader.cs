using System.Text;
using System.Text.Json;

namespace Compiled;

/// <summary>Reads the JSON header of a safetensors file and holds it against the length of the data that follows.</summary>
internal sealed class SafeTensorsHeader
{
    /// <summary>The limit of the format's reference implementation.</summary>
    public const int MaxBytes = 100_000_000;

    /// <summary>Of tensors, and of lines of metadata.</summary>
    public const int MaxEntries = 100_000;

    public const int MaxRank = 8;
    public const int MaxNameBytes = 256;
    public const string MetadataKey = "__metadata__";

    private const int QuotedCharacters = 80;

    private readonly string _source;
    private readonly List<SafeTensor> _tensors = [];
    private readonly Dictionary<string, string> _metadata = new(StringComparer.Ordinal);

    private SafeTensorsHeader(string source)
    {
        _source = source;
    }

    public IReadOnlyList<SafeTensor> Tensors => _tensors;

    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    public static SafeTensorsHeader Parse(ReadOnlySpan<byte> json, long dataLength, string source)
    {
        var header = new SafeTensorsHeader(source);
        if (json.IsEmpty || json[0] != (byte)'{')
            throw SafeTensorsFile.Broken(source, SafeTensorsFile.LengthBytes, "the header must begin with '{'");
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
        try
        {
            header.ReadEntries(ref reader);
            if (reader.Read())
                throw header.At(ref reader, "text follows the header's closing brace");
        }
        // Utf8JsonReader throws InvalidOperationException for text that is not UTF-8.
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"'{source}' is not a valid safetensors file: the header is not JSON: {fault.Message}", fault);
        }

        header.RequireContiguous(dataLength);
        return header;
    }

    private void ReadEntries(ref Utf8JsonReader reader)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = ReadString(ref reader);
            // Most JSON parsers silently keep the last of two equal keys: two readers would see two different files.
            if (!names.Add(name))
                throw At(ref reader, $"the name {Quote(name)} stands twice");
            if (name == MetadataKey)
                ReadMetadata(ref reader);
            else
                _tensors.Add(ReadTensor(ref reader, name));
            if (_tensors.Count > MaxEntries)
                throw At(ref reader, $"there are more than {MaxEntries:N0} tensors");
        }
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, "an object of strings");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = ReadString(ref reader);
            Expect(ref reader, JsonTokenType.String, "a string");
            if (!_metadata.TryAdd(key, ReadString(ref reader)))
                throw At(ref reader, $"the metadata key {Quote(key)} stands twice");
            if (_metadata.Count > MaxEntries)
                throw At(ref reader, $"there are more than {MaxEntries:N0} lines of metadata");
        }
    }

    private SafeTensor ReadTensor(ref Utf8JsonReader reader, string name)
    {
        if (name.Length == 0 || Encoding.UTF8.GetByteCount(name) > MaxNameBytes)
            throw At(ref reader, $"a name must have 1 to {MaxNameBytes} bytes");

        string? type = null;
        List<long>? shape = null, offsets = null;
        Expect(ref reader, JsonTokenType.StartObject, "a tensor's description");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = ReadString(ref reader);
            if (key == "dtype" && type is null)
            {
                Expect(ref reader, JsonTokenType.String, "a type");
                type = ReadString(ref reader);
            }
            else if (key == "shape" && shape is null)
            {
                shape = ReadNumbers(ref reader, MaxRank);
            }
            else if (key == "data_offsets" && offsets is null)
            {
                offsets = ReadNumbers(ref reader, 2);
            }
            else
            {
                throw At(ref reader, $"tensor '{name}' has an unknown or repeated key {Quote(key)}");
            }
        }

        if (type is null || shape is null || offsets is not { Count: 2 })
            throw At(ref reader, $"tensor '{name}' needs dtype, shape and two data_offsets");
        if (!TensorTypes.TryParse(type, out TensorType element))
            throw At(ref reader, $"tensor '{name}' has the unknown type {Quote(type)}");
        return new SafeTensor(name, element, shape, offsets[0], CheckedLength(ref reader, name, element, shape, offsets));
    }

    private long CheckedLength(ref Utf8JsonReader reader, string name, TensorType element, List<long> shape, List<long> offsets)
    {
        long length;
        try
        {
            length = shape.Aggregate((long)TensorTypes.Bytes(element), (product, extent) => checked(product * extent));
        }
        catch (OverflowException)
        {
            throw At(ref reader, $"the size of tensor '{name}' ({string.Join('×', shape)}) overflows 64 bits");
        }

        // Both offsets are known to be non-negative, so the difference cannot overflow.
        if (offsets[1] - offsets[0] != length)
            throw At(ref reader, $"tensor '{name}' needs {length:N0} bytes, but its data_offsets span {offsets[1] - offsets[0]:N0}");
        return length;
    }

    private List<long> ReadNumbers(ref Utf8JsonReader reader, int limit)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray, "an array of numbers");
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw At(ref reader, "a number must be an integer of at least 0");
            if (numbers.Count == limit)
                throw At(ref reader, $"an array has more than {limit} numbers");
            numbers.Add(number);
        }

        return numbers;
    }

    private void RequireContiguous(long dataLength)
    {
        _tensors.Sort((a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.Length.CompareTo(b.Length));
        long end = 0;
        foreach (SafeTensor tensor in _tensors)
        {
            // Overlaps would let a small file stand for a huge model; holes would hide bytes that no reader checks.
            if (tensor.Offset != end)
                throw SafeTensorsFile.Broken(_source, tensor.Offset, $"tensor '{tensor.Name}' should begin at byte {end:N0} of the data");
            end += tensor.Length;
            if (end > dataLength)
                throw SafeTensorsFile.Broken(_source, end, $"tensor '{tensor.Name}' ends behind the file's {dataLength:N0} bytes of data");
        }

        if (end != dataLength)
            throw SafeTensorsFile.Broken(_source, end, $"{dataLength - end:N0} bytes belong to no tensor");
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType token, string what)
    {
        if (!reader.Read() || reader.TokenType != token)
            throw At(ref reader, $"{what} was expected");
    }

    /// <summary>A text of the file in a message, which stays a line however long the text is.</summary>
    private static string Quote(string text) => text.Length <= QuotedCharacters ? $"'{text}'" : $"'{text[..QuotedCharacters]}…'";

    private static string ReadString(ref Utf8JsonReader reader) => reader.GetString()!;

    private InvalidDataException At(ref Utf8JsonReader reader, string rule) =>
        SafeTensorsFile.Broken(_source, SafeTensorsFile.LengthBytes + reader.TokenStartIndex, rule);
}

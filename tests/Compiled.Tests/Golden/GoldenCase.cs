using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>A file of known answers, with all that it says about itself.</summary>
public sealed class GoldenCase
{
    private readonly SafeTensorsFile _file;
    private readonly JsonElement _attributes;
    private readonly HashSet<string> _read = [];
    private readonly HashSet<string> _readAttributes = [];

    private GoldenCase(string path)
    {
        Path = path;
        _file = SafeTensorsFile.Open(path);
        _attributes = JsonDocument.Parse(_file.Metadata["attributes"]).RootElement;
        JsonElement tolerance = JsonDocument.Parse(_file.Metadata["tolerance"]).RootElement;
        (Relative, Absolute) = (tolerance.GetProperty("rtol").GetDouble(), tolerance.GetProperty("atol").GetDouble());
    }

    /// <summary>The folder of the cases: <c>COMPILED_GOLDEN</c>, else the one beside the tests.</summary>
    public static string Folder { get; } =
        Environment.GetEnvironmentVariable("COMPILED_GOLDEN") is { Length: > 0 } folder ? folder : System.IO.Path.Combine(AppContext.BaseDirectory, "golden");

    public string Path { get; }

    public string Op => _file.Metadata["op"];

    public double Relative { get; }

    public double Absolute { get; }

    /// <summary>The names of all cases: their paths below the folder, without extension.</summary>
    public static IEnumerable<string> Names() =>
        Directory.EnumerateFiles(Folder, "*.safetensors", SearchOption.AllDirectories)
            .Select(path => System.IO.Path.ChangeExtension(System.IO.Path.GetRelativePath(Folder, path), null).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    public static GoldenCase Open(string name) => new(System.IO.Path.Combine(Folder, name + ".safetensors"));

    public bool Has(string tensor) => _file.Find(tensor) is not null;

    /// <summary>A tensor of any type, as doubles.</summary>
    public Tensor Tensor(string name)
    {
        SafeTensor tensor = Find(name);
        _read.Add(name);
        ReadOnlySpan<byte> data = _file.Data(tensor);
        double[] values = tensor.Type switch
        {
            TensorType.Float32 => Compare.Widen(MemoryMarshal.Cast<byte, float>(data)),
            TensorType.Int32 => [.. MemoryMarshal.Cast<byte, int>(data).ToArray().Select(value => (double)value)],
            TensorType.Int64 => [.. MemoryMarshal.Cast<byte, long>(data).ToArray().Select(value => (double)value)],
            TensorType.UInt32 => [.. MemoryMarshal.Cast<byte, uint>(data).ToArray().Select(value => (double)value)],
            TensorType.UInt8 or TensorType.Bool => [.. data.ToArray().Select(value => (double)value)],
            _ => throw new NotSupportedException($"{Path}: {name} is of type {tensor.Type}"),
        };
        return new Tensor([.. tensor.Shape.Select(extent => checked((int)extent))], values);
    }

    /// <summary>The tensors that nobody has asked for yet.</summary>
    public IEnumerable<string> Unread => TensorNames.Where(name => !_read.Contains(name));

    /// <summary>The attributes that nobody has asked for yet.</summary>
    public IEnumerable<string> UnreadAttributes =>
        _attributes.EnumerateObject().Select(attribute => attribute.Name).Where(name => !_readAttributes.Contains(name));

    public IEnumerable<string> TensorNames => _file.Tensors.Select(tensor => tensor.Name);

    public bool HasAttribute(string name) => _attributes.TryGetProperty(name, out _);

    public JsonElement Attribute(string name)
    {
        _readAttributes.Add(name);
        return _attributes.GetProperty(name);
    }

    public string Text(string name) => Attribute(name).GetString()!;

    public bool Flag(string name) => HasAttribute(name) && Attribute(name).GetBoolean();

    public int Whole(string name) => Attribute(name).GetInt32();

    public double Number(string name, double absent = 0) => HasAttribute(name) ? Attribute(name).GetDouble() : absent;

    /// <summary>The whole numbers of a list; 1 and 1 without it.</summary>
    public int[] Pair(string name) => HasAttribute(name) ? [.. Attribute(name).EnumerateArray().Select(value => value.GetInt32())] : [1, 1];

    /// <summary>Two pairs: top and bottom, left and right.</summary>
    public Margins Margins(string name)
    {
        int[] extents = [.. Attribute(name).EnumerateArray().SelectMany(pair => pair.EnumerateArray()).Select(value => value.GetInt32())];
        return new Margins(extents[0], extents[1], extents[2], extents[3]);
    }

    public Window2D Window(string size)
    {
        int[] extents = Pair(size), strides = Pair("strides"), dilation = Pair("dilation_rate");
        return new Window2D(extents[0], extents[1], strides[0], strides[1], Text("padding") == "same", dilation[0], dilation[1]);
    }

    /// <summary>Holds a result of the reference against a tensor of the case, with the tolerance of the case.</summary>
    public void Expect(string tensor, Tensor actual)
    {
        Assert.Equal(Tensor(tensor).Shape, actual.Shape);
        Expect(tensor, actual.ToFloats(), "reference");
    }

    /// <summary>Holds results of the reference against a tensor of the case, with the tolerance of the case.</summary>
    public void Expect(string tensor, params IEnumerable<double> actual) =>
        Expect(tensor, [.. actual.Select(value => (float)value)], "reference");

    /// <summary>Holds a result against a tensor of the case, with the tolerance of the case.</summary>
    public void Expect(string tensor, ReadOnlySpan<float> actual, string who) =>
        Compare.Close(string.Create(CultureInfo.InvariantCulture, $"{who}: {tensor}"), Tensor(tensor).Values, actual, Relative, Absolute);

    private SafeTensor Find(string name) => _file.Find(name) ?? throw new KeyNotFoundException($"{Path} has no tensor '{name}'.");
}

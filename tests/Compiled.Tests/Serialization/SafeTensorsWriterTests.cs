namespace Compiled.Tests;

/// <summary>What the writer writes the reader reads; what the reader would refuse the writer does not write.</summary>
public sealed class SafeTensorsWriterTests
{
    [Fact]
    public void Every_type_and_every_odd_shape_comes_back()
    {
        var writer = new SafeTensorsWriter();
        foreach (TensorType type in Enum.GetValues<TensorType>())
            writer.Add($"{type}", type, [2, 1, 3], Bytes(6 * TensorTypes.Bytes(type), (byte)type));
        writer.Add("scalar", TensorType.Float64, [], Bytes(8, 100));
        writer.Add("empty", TensorType.Float32, [3, 0], Array.Empty<byte>());
        writer.Add("eight axes", TensorType.UInt8, [1, 2, 1, 2, 1, 1, 1, 1], Bytes(4, 101));
        writer.Add(new string('n', 256), TensorType.UInt8, [1], Bytes(1, 102));
        writer.Add("größe/\"quoted\"\\\n😀/../x", TensorType.UInt8, [1], Bytes(1, 103));
        writer.AddMetadata("b", "2 \u2028 \"");
        writer.AddMetadata("a", "1");
        writer.AddMetadata("a", "1 again");

        SafeTensorsFile file = Written(writer);
        Assert.Equal(Enum.GetValues<TensorType>().Length + 5, file.Tensors.Count);
        foreach (TensorType type in Enum.GetValues<TensorType>())
        {
            SafeTensor tensor = file.Find($"{type}")!;
            Assert.Equal((type, 6 * TensorTypes.Bytes(type)), (tensor.Type, tensor.Length));
            Assert.Equal([2, 1, 3], tensor.Shape);
            Assert.Equal(Bytes(6 * TensorTypes.Bytes(type), (byte)type), file.Data(tensor));
        }

        Assert.Empty(file.Find("scalar")!.Shape);
        Assert.Equal([3, 0], file.Find("empty")!.Shape);
        Assert.Equal(Bytes(1, 103), file.Data(file.Find("größe/\"quoted\"\\\n😀/../x")!));
        Assert.Equal(new Dictionary<string, string> { ["a"] = "1 again", ["b"] = "2 \u2028 \"" }, file.Metadata);
    }

    [Fact]
    public void A_file_without_tensors_is_a_file() => Assert.Empty(Written(new SafeTensorsWriter()).Tensors);

    [Fact]
    public void What_no_reader_accepts_is_refused()
    {
        var writer = new SafeTensorsWriter();
        writer.Add("a", TensorType.UInt8, [1], new byte[1]);
        Refused("is taken", "a", [1], 1);
        Refused("is reserved", "__metadata__", [1], 1);
        Refused("empty", "", [1], 1);
        Refused("the limit is 256", new string('é', 129), [1], 1);
        Refused("half a surrogate pair", "a\ud800", [1], 1);
        Refused("has 9 axes", "b", [1, 1, 1, 1, 1, 1, 1, 1, 1], 1);
        Refused("negative", "b", [-1, -1], 1);
        Refused("has 6 bytes, not 5", "b", [2, 3], 5);
        Refused("overflows 64 bits", "b", [int.MaxValue, int.MaxValue, int.MaxValue], 0);
        Assert.Throws<ArgumentNullException>(() => writer.Add(null!, TensorType.UInt8, [1], new byte[1]));
        Assert.Throws<ArgumentNullException>(() => writer.AddMetadata("a", null!));
        Assert.Equal(["a"], Written(writer).Tensors.Select(tensor => tensor.Name));

        void Refused(string rule, string name, int[] shape, int bytes)
        {
            var fault = Assert.ThrowsAny<ArgumentException>(() => writer.Add(name, TensorType.UInt8, shape, new byte[bytes]));
            Assert.Contains(rule, fault.Message, StringComparison.Ordinal);
        }
    }

    private static byte[] Bytes(int count, byte first) => [.. Enumerable.Range(first, count).Select(value => (byte)value)];

    private static SafeTensorsFile Written(SafeTensorsWriter writer)
    {
        using var stream = new MemoryStream();
        writer.Write(stream);
        return SafeTensorsFile.Parse(stream.ToArray(), "written");
    }
}

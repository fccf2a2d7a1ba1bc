using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Compiled.Tests;

/// <summary>Weights that are saved come back bit for bit, and only into the network they are of.</summary>
public sealed class WeightFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => _folder["weights.safetensors"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Weights_come_back_bit_for_bit()
    {
        using var saved = new ThreeShapes(batchSize: 8, seed: 1);
        saved.Fit(Samples.Shapes(20), new Adam());
        // What arithmetic would change if the values went through any.
        float payload = BitConverter.Int32BitsToSingle(unchecked((int)0xFFC12345));
        float[] strange = [float.NaN, payload, -0f, float.PositiveInfinity, float.Epsilon, float.MinValue];
        strange.CopyTo(saved.Weights[0].Span);
        saved.SaveWeights(File);

        using var fused = new ThreeShapes(batchSize: 3, seed: 2);
        using var unfused = new ThreeShapesUnfused(batchSize: 3, seed: 2);
        fused.LoadWeights(File);
        unfused.LoadWeights(File);
        Compare.Same("weights", Samples.Weights(saved), Samples.Weights(fused));
        Compare.Same("weights of the twin", Samples.Weights(saved), Samples.Weights(unfused));
        Assert.Equal(0, fused.Step);
        Assert.Equal([File], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Equal_models_write_equal_files_and_files_replace_each_other()
    {
        using var fused = new ThreeShapes(batchSize: 8, seed: 1);
        using var unfused = new ThreeShapesUnfused(batchSize: 3, seed: 1);
        using var other = new ThreeShapes(batchSize: 8, seed: 2);
        fused.SaveWeights(File);
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        other.SaveWeights(File);
        Assert.NotEqual(bytes, System.IO.File.ReadAllBytes(File));
        unfused.SaveWeights(File);
        Assert.Equal(bytes, System.IO.File.ReadAllBytes(File));
    }

    /// <summary>Read by the text of the format alone, with none of the library's code.</summary>
    [Fact]
    public void The_file_obeys_the_format()
    {
        using var net = new ThreeShapes(batchSize: 8, seed: 1);
        net.SaveWeights(File);
        byte[] bytes = System.IO.File.ReadAllBytes(File);
        int length = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        Assert.Equal(0, length % 8);
        string header = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes, 8, length);
        Assert.StartsWith("{", header, StringComparison.Ordinal);
        Assert.EndsWith("}", header.TrimEnd(' '), StringComparison.Ordinal);

        using var json = JsonDocument.Parse(header);
        JsonProperty[] entries = [.. json.RootElement.EnumerateObject()];
        Assert.Equal(entries.Length, entries.Select(entry => entry.Name).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(net.Plan.Graph, json.RootElement.GetProperty("__metadata__").GetProperty("compiled.graph").GetString());
        long end = 0;
        foreach (Weight weight in net.Weights)
        {
            JsonElement entry = json.RootElement.GetProperty(weight.Name);
            Assert.Equal(["dtype", "shape", "data_offsets"], entry.EnumerateObject().Select(property => property.Name));
            Assert.Equal("F32", entry.GetProperty("dtype").GetString());
            Assert.Equal(weight.Shape, entry.GetProperty("shape").EnumerateArray().Select(extent => extent.GetInt32()));
            long[] offsets = [.. entry.GetProperty("data_offsets").EnumerateArray().Select(offset => offset.GetInt64())];
            Assert.Equal([end, end + weight.Count * sizeof(float)], offsets);
            end = offsets[1];
            Span<byte> data = bytes.AsSpan(8 + length + (int)offsets[0], weight.Count * sizeof(float));
            Compare.Same(weight.Name, MemoryMarshal.Cast<byte, float>(data), weight.Span);
        }

        Assert.Equal(1 + net.Weights.Count, entries.Length);
        Assert.Equal(bytes.Length, 8 + length + end);
    }

    [Fact]
    public void Every_difference_is_named_and_nothing_is_changed()
    {
        var writer = new SafeTensorsWriter();
        writer.Add("conv2d_1/kernel", TensorType.Float32, [3, 3, 4, 2], new byte[288]);
        writer.Add("conv2d_1/bias", TensorType.Float16, [4], new byte[8]);
        writer.Add("dense_1/bias", TensorType.Float32, [8], new byte[32]);
        writer.Add("dense_2/kernel", TensorType.Float32, [24], new byte[96]);
        writer.Add("dense_2/bias", TensorType.Float32, [3], new byte[12]);
        writer.Add("dense_2/scale", TensorType.Float32, [], new byte[4]);
        writer.Add("Dense_1/kernel", TensorType.Float32, [16, 8], new byte[512]);
        writer.Save(File);
        using var net = new ThreeShapes(batchSize: 8, seed: 1);
        float[] before = Samples.Weights(net);

        var fault = Assert.Throws<InvalidDataException>(() => net.LoadWeights(File));
        Assert.Equal(
            $"'{File}' does not hold the weights of 'ThreeShapes': 'conv2d_1/kernel' is 3×3×4×2, not 3×3×2×4; " +
            "'conv2d_1/bias' is F16, not F32; 'dense_1/kernel' is missing; 'dense_2/kernel' is 24, not 8×3; " +
            "'dense_2/scale' is not a weight of the model; " +
            "'Dense_1/kernel' is not a weight of the model. Nothing was changed.",
            fault.Message);
        Compare.Same("weights", before, Samples.Weights(net));
    }

    [Fact]
    public void A_file_that_is_cut_anywhere_is_refused_and_changes_nothing()
    {
        using var net = new ThreeClasses(batchSize: 8, seed: 1);
        using var other = new ThreeClasses(batchSize: 8, seed: 2);
        other.SaveWeights(File);
        byte[] whole = System.IO.File.ReadAllBytes(File);
        float[] before = Samples.Weights(net);
        for (int length = 0; length < whole.Length; length += 7)
        {
            System.IO.File.WriteAllBytes(File, whole[..length]);
            Assert.Contains(File, Assert.Throws<InvalidDataException>(() => net.LoadWeights(File)).Message, StringComparison.Ordinal);
        }

        Compare.Same("weights", before, Samples.Weights(net));
        System.IO.File.WriteAllBytes(File, whole);
        net.LoadWeights(File);
        Compare.Same("weights", Samples.Weights(other), Samples.Weights(net));
    }

    [Fact]
    public void What_is_no_file_is_an_error_of_the_file_system()
    {
        using var net = new ThreeClasses(batchSize: 8);
        Assert.Throws<FileNotFoundException>(() => net.LoadWeights(File));
        Assert.Throws<DirectoryNotFoundException>(() => net.SaveWeights(Path.Combine(_folder.Path, "no", "such", "folder")));
        Assert.Throws<UnauthorizedAccessException>(() => net.LoadWeights(_folder.Path));
        Assert.Throws<ArgumentException>(() => net.LoadWeights(""));
        Assert.Throws<ArgumentNullException>(() => net.SaveWeights(null!));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }
}

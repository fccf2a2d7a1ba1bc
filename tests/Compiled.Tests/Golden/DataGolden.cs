using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Golden cases of the random generator and of data files.</summary>
internal static class DataGolden
{
    public static unsafe IEnumerable<string> Philox(GoldenCase golden)
    {
        if (golden.Whole("rounds") != 10)
            return [$"{golden.Whole("rounds")} rounds"];
        Tensor counters = golden.Tensor("counter"), keys = golden.Tensor("key"), outputs = golden.Tensor("output");
        for (int row = 0; row < counters.Shape[0]; row++)
        {
            uint[] counter = Words(counters, row), key = Words(keys, row), expected = Words(outputs, row);
            (uint w0, uint w1, uint w2, uint w3) = global::Compiled.Philox.Block((counter[0], counter[1], counter[2], counter[3]), (key[0], key[1]));
            Assert.Equal<uint[]>(expected, [w0, w1, w2, w3]);

            uint[] words = new uint[4];
            fixed (uint* counterWords = counter, keyWords = key, output = words)
                NativeContext.Check(Native.cn_philox((nint)counterWords, (nint)keyWords, (nint)output));
            Assert.Equal(expected, words);
        }

        return [];
    }

    public static IEnumerable<string> Cifar10Binary(GoldenCase golden)
    {
        string file = Path.Combine(Path.GetDirectoryName(golden.Path)!, golden.Text("file"));
        if (golden.Text("result") == "error")
        {
            InvalidDataException fault = Assert.Throws<InvalidDataException>(() => Cifar10.Read([file]));
            Assert.Contains(golden.Text("file"), fault.Message, StringComparison.Ordinal);
            return [];
        }

        ArrayDataset data = Cifar10.Read([file]);
        Tensor images = golden.Tensor("images");
        Assert.Equal(golden.Whole("records"), data.Count);
        Assert.Equal(images.Shape.Skip(1), data.InputShape);
        float[] inputs = new float[images.Count];
        int[] classIds = new int[data.Count];
        int[] all = [.. Enumerable.Range(0, data.Count)];
        data.ReadInputs(all, inputs);
        data.ReadClassIds(all, classIds);
        Assert.Equal(images.Values, inputs.Select(value => (double)MathF.Round(value * 255)));
        Assert.Equal(golden.Tensor("labels").Values, classIds.Select(id => (double)id));
        golden.Expect("image0_scaled", inputs.AsSpan(0, images.Count / data.Count), "reader");
        return [];
    }

    private static uint[] Words(Tensor tensor, int row) => [.. tensor.Values.Skip(row * tensor.Last).Take(tensor.Last).Select(value => (uint)value)];
}

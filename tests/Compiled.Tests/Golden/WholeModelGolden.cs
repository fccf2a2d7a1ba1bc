using System.Text.Json;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>
/// Golden cases of training: the network of the file becomes a declaration, is compiled with the generator, and follows the trajectory
/// of the file: fused and unfused, on one thread and two, on every target.
/// </summary>
internal static class WholeModelGolden
{
    public static IEnumerable<string> Train(GoldenCase golden)
    {
        if (golden.Text("dropout") != "off")
            return ["dropout with a given mask"];
        Network network = Read(golden, out string? unknown);
        if (unknown is not null)
            return [unknown];
        (Type fused, Type unfused) = ModelCompiler.Compile(network);
        foreach (Target target in Target.Scheduled)
        {
            foreach (int threads in target.ThreadCounts(1, 2))
            {
                using var device = target.MakeDevice(threads);
                TrainModel(golden, fused, device);
                TrainModel(golden, unfused, device);
            }
        }

        return [];
    }

    internal static Network Read(GoldenCase golden, out string? unknown)
    {
        int[] kernel = [.. golden.Attribute("kernel_size").EnumerateArray().Select(extent => extent.GetInt32())];
        unknown = null;
        List<Layer> layers = [];
        foreach (JsonElement entry in golden.Attribute("graph").EnumerateArray())
        {
            string op = entry[0].GetString()!;
            Layer? layer = op switch
            {
                "conv2d" => new Conv2DLayer(entry[2].GetInt32(), new Window2D(kernel[0], kernel[1], 1, 1, entry[3].GetString() == "same")) with
                {
                    Name = entry[1].GetString(),
                },
                "dense" => new DenseLayer(entry[2].GetInt32()) { Name = entry[1].GetString() },
                "max_pooling2d" => new MaxPooling2DLayer(new Window2D(entry[1].GetInt32(), entry[1].GetInt32(), entry[1].GetInt32(), entry[1].GetInt32(), false)),
                "flatten" => new FlattenLayer(),
                _ when Activations.Knows(op) => new ActivationLayer(op),
                _ => null,
            };
            if (layer is null)
                unknown = op;
            else
                layers.Add(layer);
        }

        return new Network([.. golden.Tensor("x_batches").Shape.Skip(2)], layers, golden.Text("loss"));
    }

    private static void TrainModel(GoldenCase golden, Type type, Device device)
    {
        string who = $"{type.Name} on {device}";
        using Model model = ModelCompiler.Create(type, device, golden.Whole("batch"));
        foreach (Weight weight in model.Weights)
            golden.Tensor("before." + weight.Name.Replace('/', '.')).ToFloats().CopyTo(weight.Span);

        float[] probabilities = new float[golden.Tensor("probabilities_step0").Count];
        model.PredictOnBatch(Batch(golden, "x_batches", 0).ToFloats(), probabilities);
        golden.Expect("probabilities_step0", probabilities, who);

        Optimizer optimizer = OptimizerGolden.Optimizer(golden);
        List<float> losses = [];
        for (int step = 0; step < golden.Whole("steps"); step++)
        {
            losses.Add((float)model.TrainOnBatch(Batch(golden, "x_batches", step).ToFloats(), Batch(golden, "y_batches", step).ToFloats(), optimizer).Loss);
            foreach (Weight weight in step == 0 ? model.Weights : [])
                golden.Expect("grad0." + weight.Name.Replace('/', '.'), weight.Gradient, who);
        }

        golden.Expect("losses", [.. losses], who);
        foreach (Weight weight in model.Weights)
            golden.Expect("after." + weight.Name.Replace('/', '.'), weight.Span, who);
    }

    internal static Tensor Batch(GoldenCase golden, string name, int step)
    {
        Tensor all = golden.Tensor(name);
        int size = all.Count / all.Shape[0];
        int batch = step % all.Shape[0];
        return new Tensor([.. all.Shape.Skip(1)], all.Values[(batch * size)..((batch + 1) * size)]);
    }
}

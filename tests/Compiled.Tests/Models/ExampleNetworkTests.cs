using Compiled.Examples;

namespace Compiled.Tests;

/// <summary>
/// The networks of the examples that have branches and normalizations: they learn, every bit of it whatever the number of threads, and their
/// stages compute what their layers do one by one.
/// </summary>
[NotSanitized(NotSanitizedAttribute.Large)]
public sealed class ExampleNetworkTests
{
    private const int BatchSize = 16;

    private delegate Model Maker(Device device, ulong seed);

    private static readonly Dictionary<string, (Maker Fused, Maker Unfused, Func<int, ArrayDataset> Data)> Networks = new()
    {
        ["normalized"] = (
            (device, seed) => new NormalizedNet(device, BatchSize, seed), (device, seed) => new UnfusedNormalizedNet(device, BatchSize, seed), Shapes),
        ["resnet9"] = ((device, seed) => new ResNet9(device, BatchSize, seed), (device, seed) => new UnfusedResNet9(device, BatchSize, seed), Shapes),
        ["resnet18"] = ((device, seed) => new ResNet18(device, BatchSize, seed), (device, seed) => new UnfusedResNet18(device, BatchSize, seed), Shapes),
        ["unet"] = ((device, seed) => new UNet(device, BatchSize, seed), (device, seed) => new UnfusedUNet(device, BatchSize, seed), Scenes),
    };

    public static TheoryData<string> Names => new(Networks.Keys);

    [Theory]
    [MemberData(nameof(Names))]
    public void It_learns(string name)
    {
        using Device device = Device.Cpu();
        using Model net = Networks[name].Fused(device, 1);
        IReadOnlyList<double> losses = net.Fit(Networks[name].Data(4 * BatchSize), new Adam(1e-3), epochs: 5)["loss"];
        Assert.True(losses[^1] < 0.7 * losses[0], $"The losses of the epochs are {string.Join(", ", losses)}.");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_the_same_on_any_number_of_threads(string name)
    {
        float[] Train(int threads)
        {
            using Device device = Device.Cpu(threads);
            using Model net = Networks[name].Fused(device, 3);
            // The last batch is smaller.
            net.Fit(Networks[name].Data(BatchSize + 5), new Adam(1e-3), epochs: 1);
            return [.. net.Weights.SelectMany(weight => weight.Span.ToArray())];
        }

        float[] one = Train(threads: 1);
        Compare.Same("weights on two threads", one, Train(threads: 2));
        Compare.Same("weights on five threads", one, Train(threads: 5));
    }

    /// <remarks>
    /// The rounding of many layers, one behind the other: where an activation's input is next to zero, one of the two may pass a gradient that
    /// the other stops. So gradients are compared as wholes, by the length of their difference.
    /// </remarks>
    [Theory]
    [MemberData(nameof(Names))]
    public void Its_stages_compute_what_its_layers_do(string name)
    {
        using Device device = Device.Cpu();
        using Model fused = Networks[name].Fused(device, 2), unfused = Networks[name].Unfused(device, 2);
        ArrayDataset data = Networks[name].Data(BatchSize);
        (double expected, double actual) = (Differentiate(unfused, data), Differentiate(fused, data));
        Assert.Equal(expected, actual, 1e-4 * Math.Abs(expected));
        foreach ((Weight left, Weight right) in unfused.Weights.Zip(fused.Weights))
        {
            Assert.Equal(left.Name, right.Name);
            if (!left.Trainable)
                Compare.Close(left.Name, left.Span, right.Span, 1e-4, 1e-5);
            else
                Assert.True(Distance(left, right) < 1e-2, $"The gradients of {left.Name} are {Distance(left, right):P} of their length apart.");
        }
    }

    private static ArrayDataset Shapes(int count) => DrawnShapes.Create(count, seed: 7);

    private static ArrayDataset Scenes(int count) => DrawnScenes.Create(count, seed: 7);

    private static double Differentiate(Model model, ArrayDataset data)
    {
        int[] indices = [.. Enumerable.Range(0, data.Count)];
        float[] inputs = new float[data.Count * Size(data.InputShape)];
        data.ReadInputs(indices, inputs);
        if (data.HasClassIds)
        {
            int[] classIds = new int[data.Count];
            data.ReadClassIds(indices, classIds);
            return model.ComputeGradients(inputs, classIds).Loss;
        }

        float[] targets = new float[data.Count * Size(data.TargetShape)];
        data.ReadTargets(indices, targets);
        return model.ComputeGradients(inputs, targets).Loss;
    }

    private static double Distance(Weight expected, Weight actual)
    {
        double difference = 0, length = 0;
        foreach ((float left, float right) in expected.Gradient.ToArray().Zip(actual.Gradient.ToArray()))
        {
            difference += Math.Pow(left - right, 2);
            length += Math.Pow(left, 2);
        }

        return Math.Sqrt(difference / length);
    }

    private static int Size(IReadOnlyList<int> shape) => shape.Aggregate(1, (size, extent) => size * extent);
}

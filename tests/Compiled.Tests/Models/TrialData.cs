using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>A batch, its targets, and weights to begin with: all of them floats, so models and the reference start alike.</summary>
internal sealed record TrialData(Tensor Inputs, Tensor Targets, IReadOnlyList<Tensor> Weights)
{
    /// <summary>Numbers around 1 everywhere: weights are scaled by what they are summed over.</summary>
    public static TrialData Of(Network network, int rows, int seed)
    {
        int tensor = seed * 100;
        Tensor Reals(IReadOnlyList<int> shape, double scale = 1) => Round(Draw.Reals(++tensor, shape).Map(value => value * scale));

        List<Tensor> weights = [];
        foreach ((WeightedLayer layer, int[] kernel, _) in Kernels(network))
        {
            weights.Add(Reals(kernel, Math.Sqrt(3.0 * kernel[^1] / Tensor.Size(kernel))));
            if (layer.UseBias)
                weights.Add(Reals([kernel[^1]], 0.3));
        }

        int[] output = [rows, .. network.Shapes()[^1]];
        Tensor targets = network.Loss switch
        {
            "mean_squared_error" => Reals(output),
            "categorical_crossentropy" => Round(Activations.Forward("softmax", Reals(output, 3))),
            _ => Reals(output[..^1]).Map(value => Math.Floor((value + 1) / 2 * output[^1])),
        };
        return new TrialData(Reals([rows, .. network.Input]), targets, weights);
    }

    /// <summary>The layers with weights, the shapes of their kernels and to how many positions of a sample each is applied.</summary>
    public static IEnumerable<(WeightedLayer Layer, int[] Kernel, int Positions)> Kernels(Network network)
    {
        IReadOnlyList<IReadOnlyList<int>> shapes = network.Shapes();
        for (int i = 0; i < network.Layers.Count; i++)
        {
            int positions = Tensor.Size(shapes[i + 1]) / shapes[i + 1][^1];
            if (network.Layers[i] is Conv2DLayer conv)
                yield return (conv, [conv.Window.Height, conv.Window.Width, shapes[i][^1], conv.Filters], positions);
            else if (network.Layers[i] is DenseLayer dense)
                yield return (dense, [shapes[i][^1], dense.Units], positions);
        }
    }

    private static Tensor Round(Tensor tensor) => Tensor.Of(tensor.Shape, tensor.ToFloats());
}

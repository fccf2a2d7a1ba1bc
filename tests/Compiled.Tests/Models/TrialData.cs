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

        Tensor Weight(LayerWeight weight) => weight.Name switch
        {
            var name when name.EndsWith("kernel", StringComparison.Ordinal) => Reals(weight.Shape, Math.Sqrt(3.0 * weight.Shape[^1] / Tensor.Size(weight.Shape))),
            "gamma" or "moving_variance" => Round(Reals(weight.Shape, 0.5).Map(value => value + 1)),
            _ => Reals(weight.Shape, 0.3),
        };

        Tensor[] weights = [.. network.Weights().Select(pair => Weight(pair.Weight))];
        int[] output = [rows, .. network.Shapes()[^1]];
        Tensor targets = network.Loss switch
        {
            "mean_squared_error" or "huber" => Reals(output),
            "binary_crossentropy" => Round(Reals(output).Map(value => (value + 1) / 2)),
            "categorical_crossentropy" or "categorical_focal_crossentropy" => Round(Activations.Forward("softmax", Reals(output, 3))),
            _ => Reals(output[..^1]).Map(value => Math.Floor((value + 1) / 2 * output[^1])),
        };
        return new TrialData(Reals([rows, .. network.Input]), targets, weights);
    }

    private static Tensor Round(Tensor tensor) => Tensor.Of(tensor.Shape, tensor.ToFloats());
}

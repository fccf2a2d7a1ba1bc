namespace Compiled.Reference;

/// <summary>An activation by its Keras name, with its parameters; gradients are taken from the input.</summary>
/// <param name="Name">The name, such as <c>relu</c>; <c>gelu</c> is the exact form, <c>gelu_tanh</c> the approximate one.</param>
/// <param name="Alpha">Slope or scale: relu 0, leaky_relu 0.2, elu and celu 1, hard_shrink and soft_shrink 0.5, squareplus 4.</param>
/// <param name="MaxValue">Where relu ends.</param>
/// <param name="Threshold">Where relu and threshold begin.</param>
/// <param name="Value">What threshold gives below.</param>
public sealed record ActivationRule(
    string Name, double? Alpha = null, double MaxValue = double.PositiveInfinity, double Threshold = 0, double Value = 0)
{
    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. ScalarFunctions.Names, .. RowFunctions.Names];

    public Tensor Forward(Tensor x) =>
        RowFunctions.Names.Contains(Name) ? RowFunctions.Forward(Name, x) : x.Map(ScalarFunctions.Of(this).Value);

    public Tensor Backward(Tensor x, Tensor dy)
    {
        if (RowFunctions.Names.Contains(Name))
            return RowFunctions.Backward(Name, x, dy);
        Func<double, double> slope = ScalarFunctions.Of(this).Slope;
        return x.Zip(dy, (value, gradient) => slope(value) * gradient);
    }

    /// <summary>How near a number is to where the derivative jumps; zeros, which are exact, apart.</summary>
    public double Distance(Tensor x)
    {
        if (Name == "sparsemax")
            return RowFunctions.SparsemaxDistance(x);
        if (Name == "threshold")
            return x.Values.Min(value => Math.Abs(value - Threshold));
        IReadOnlyList<double> corners = RowFunctions.Names.Contains(Name) ? [] : ScalarFunctions.Corners(Name);
        return corners.SelectMany(corner => x.Values.Where(value => value != 0 || corner != 0).Select(value => Math.Abs(value - corner)))
            .DefaultIfEmpty(double.PositiveInfinity).Min();
    }
}

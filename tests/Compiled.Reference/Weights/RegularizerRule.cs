namespace Compiled.Reference;

/// <summary>A penalty l1 · Σ|w| + l2 · Σw², without averaging.</summary>
public sealed record RegularizerRule(double L1 = 0, double L2 = 0)
{
    public double Penalty(Tensor weight) => weight.Values.Sum(value => (L1 * Math.Abs(value)) + (L2 * value * value));

    /// <summary>The gradient of a loss with the penalty; at 0 the first part has none.</summary>
    public Tensor Gradient(Tensor weight, Tensor gradient) =>
        weight.Zip(gradient, (value, slope) => slope + (L1 * Math.Sign(value)) + (2 * L2 * value));

    /// <summary>As an activity regularizer: the penalty of a layer's output over the batch size, and its gradient.</summary>
    public (double Penalty, Tensor Gradient) OfOutput(Tensor y) =>
        (Penalty(y) / y.Shape[0], Gradient(y, new Tensor(y.Shape)).Map(slope => slope / y.Shape[0]));
}

using Compiled.Reference;
using Xunit.Sdk;

namespace Compiled.Tests;

/// <summary>Gradients of the reference, held against central differences of its own forward passes, in double.</summary>
internal static class FiniteDifference
{
    private const double Step = 1e-6;

    // Far below any wrong term; what rounding leaves of a difference of this width is smaller still.
    private const double Relative = 1e-5;
    private const double Absolute = 1e-7;

    /// <summary>The gradient of an op's output, summed with the weights <paramref name="dy"/>, with respect to one of its inputs.</summary>
    public static void ExpectOp(Func<Tensor> forward, Tensor dy, Tensor variable, Tensor gradient) =>
        Expect(() => forward().Values.Zip(dy.Values, (y, weight) => y * weight).Sum(), variable, gradient);

    /// <summary>The gradient of a number.</summary>
    public static void Expect(Func<double> value, Tensor variable, Tensor gradient)
    {
        Assert.Equal(variable.Shape, gradient.Shape);
        for (int i = 0; i < variable.Count; i++)
        {
            double before = variable.Values[i];
            variable.Values[i] = before + Step;
            double above = value();
            variable.Values[i] = before - Step;
            double below = value();
            variable.Values[i] = before;
            double slope = (above - below) / (2 * Step);
            if (!(Math.Abs(slope - gradient.Values[i]) <= Absolute + (Relative * Math.Abs(slope))))
                throw new XunitException($"element {i} of {variable.Count}: the slope is {slope:G9}, the gradient {gradient.Values[i]:G9}");
        }
    }

    /// <summary>Numbers in (−1, 1), no two of them nearer than 1 / count, so that no order changes within a step.</summary>
    public static Tensor Distinct(int seed, params IReadOnlyList<int> shape)
    {
        Tensor order = Draw.Reals(seed, shape);
        double[] sorted = [.. order.Values.Order()];
        return order.Map(value => (2 * (Array.IndexOf(sorted, value) + 0.5) / order.Count) - 1);
    }
}

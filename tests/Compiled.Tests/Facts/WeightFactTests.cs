using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Known effects of regularizers and constraints.</summary>
public sealed class WeightFactTests
{
    // One column per unit: (0, 0, 0), (1, 0, 0), (3, 0, 0), (3, 3, 3).
    private static Tensor Columns => new([3, 4], [0, 1, 3, 3, 0, 0, 0, 3, 0, 0, 0, 3]);

    [Fact]
    public void Maximal_norm()
    {
        double third = 2 / Math.Sqrt(3);
        Near.Equal([0, 1, 2, third, 0, 0, 0, third, 0, 0, 0, third], Apply(ConstraintRules.MaxNorm(2), Columns));
    }

    [Fact]
    public void Unit_norm()
    {
        double third = 1 / Math.Sqrt(3);
        Near.Equal([0, 1, 1, third, 0, 0, 0, third, 0, 0, 0, third], Apply(ConstraintRules.UnitNorm, Columns));
    }

    [Fact]
    public void Norm_in_a_range()
    {
        Near.Equal([2, 3], Apply(ConstraintRules.MinMaxNorm(2, 3), new([1, 2], [1, 5])));
        Near.Equal([1.5, 4], Apply(ConstraintRules.MinMaxNorm(2, 3, rate: .5), new([1, 2], [1, 5])));
    }

    [Fact]
    public void A_filter_of_a_kernel_is_one_unit() =>
        Near.Equal([.5, .5, .5, .5], Apply(ConstraintRules.UnitNorm, new([2, 2, 1, 1], [3, 3, 3, 3])));

    [Fact]
    public void No_negative_weights() => Near.Equal([0, 0, 2], Apply(ConstraintRules.NonNegative, new([3], [-1, 0, 2])));

    [Fact]
    public void Penalties()
    {
        Assert.Equal((.01 * 6) + (.02 * 14), new RegularizerRule(.01, .02).Penalty(new([3], [1, -2, 3])), 1e-12);
        Near.Equal([.01 + .04 + 1, -.01 - .08], new RegularizerRule(.01, .02).Gradient(new([2], [1, -2]), new([2], [1, 0])).Values, 1e-12);
        Assert.Equal(((.01 * 6) + (.02 * 14)) / 3, new RegularizerRule(.01, .02).OfOutput(new([3, 1], [1, -2, 3])).Penalty, 1e-12);
    }

    private static double[] Apply(Action<Tensor> constraint, Tensor weight)
    {
        constraint(weight);
        return weight.Values;
    }
}

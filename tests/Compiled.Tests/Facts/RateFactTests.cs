using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Known values of learning-rate schedules.</summary>
public sealed class RateFactTests
{
    [Fact]
    public void Exponential_decay()
    {
        Assert.Equal(.05 * Math.Pow(.96, .5), RateRules.ExponentialDecay(.05, 10, .96)(5), 1e-15);
        Func<long, double> stairs = RateRules.ExponentialDecay(.1, 3, .96, staircase: true);
        Near.Equal([.1, .1 * .96, .1 * Math.Pow(.96, 33)], [stairs(2), stairs(3), stairs(100)], 1e-15);
    }

    [Fact]
    public void Inverse_time_decay()
    {
        Near.Equal([.1, .1 / 1.5, .05], ((long[])[0, 1, 2]).Select(RateRules.InverseTimeDecay(.1, 2, 1)), 1e-15);
        Near.Equal([.1, .1, .05], ((long[])[0, 1, 2]).Select(RateRules.InverseTimeDecay(.1, 2, 1, staircase: true)), 1e-15);
    }

    [Fact]
    public void Piecewise_constant_decay()
    {
        Func<long, double> pieces = RateRules.PiecewiseConstantDecay([100, 110, 120], [1, .1, .01, .001]);
        Near.Equal([1, .1, .1, .01, .001], ((long[])[100, 105, 110, 120, 999]).Select(pieces));
    }

    [Fact]
    public void Polynomial_decay()
    {
        Near.Equal([.05, .03, .01, .01], ((long[])[0, 5, 10, 50]).Select(RateRules.PolynomialDecay(.05, 10, .01)), 1e-15);
        Near.Equal([.01 + (.04 * .25)], [RateRules.PolynomialDecay(.05, 10, .01, power: 2)(5)], 1e-15);
        Func<long, double> cycle = RateRules.PolynomialDecay(.05, 10, .01, cycle: true);
        Near.Equal([.05, .01, .01 + (.04 * .45), .01], ((long[])[0, 10, 11, 20]).Select(cycle), 1e-15);
    }

    [Fact]
    public void Cosine_decay()
    {
        Near.Equal([1, .5, 0, 0], ((long[])[0, 5, 10, 11]).Select(RateRules.CosineDecay(1, 10)), 1e-15);
        Near.Equal([1, .55, .1], ((long[])[0, 5, 10]).Select(RateRules.CosineDecay(1, 10, alpha: .1)), 1e-15);
        Near.Equal(
            [.1, .55, 1, .5, 0], ((long[])[0, 2, 4, 9, 14]).Select(RateRules.CosineDecay(.1, 10, warmupTarget: 1, warmupSteps: 4)), 1e-15);
    }

    [Fact]
    public void Cosine_decay_with_restarts()
    {
        Near.Equal([1, .5, 1, .5, 1, .5], ((long[])[0, 5, 10, 20, 30, 50]).Select(RateRules.CosineDecayRestarts(1, 10)), 1e-15);
        Func<long, double> lower = RateRules.CosineDecayRestarts(1, 10, lengthFactor: 1, heightFactor: .8);
        Near.Equal([1, .5, .8, .4, .64], ((long[])[0, 5, 10, 15, 20]).Select(lower), 1e-15);
        Near.Equal([1, .55, .1 + .9], ((long[])[0, 5, 10]).Select(RateRules.CosineDecayRestarts(1, 10, alpha: .1)), 1e-15);
    }

    [Fact]
    public void One_cycle()
    {
        Func<long, double> cycle = RateRules.OneCycle(1, 10, risingPart: .3, divisor: 10, finalDivisor: 100);
        Near.Equal([.1, .55, 1, .001, .001], ((long[])[0, 1, 2, 9, 20]).Select(cycle), 1e-15);
        Assert.InRange(cycle(5), .5, 1);
    }
}

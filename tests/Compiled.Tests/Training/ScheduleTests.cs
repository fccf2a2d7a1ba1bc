using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Learning rates that follow the number of updates: their values, their ranges, and which update takes which.</summary>
public sealed class ScheduleTests
{
    private static readonly float[] Inputs = Samples.Inputs(8, 1, 5);
    private static readonly int[] ClassIds = Samples.ClassIds(8, 1, 3);

    private static readonly Gen<double> Rates = Gen.Double[0, 2];
    private static readonly Gen<long> Lengths = Gen.Long[1, 60];

    [Fact]
    public void Decays_are_those_of_the_reference() =>
        (from rate in Rates from steps in Lengths from factor in Gen.Double[0, 1.5] from staircase in Gen.Bool select (rate, steps, factor, staircase))
        .Sample(
            drawn =>
            {
                Same(
                    RateRules.ExponentialDecay(drawn.rate, drawn.steps, drawn.factor, drawn.staircase),
                    new ExponentialDecay(drawn.rate, drawn.steps, drawn.factor, drawn.staircase));
                Same(
                    RateRules.InverseTimeDecay(drawn.rate, drawn.steps, drawn.factor, drawn.staircase),
                    new InverseTimeDecay(drawn.rate, drawn.steps, drawn.factor, drawn.staircase));
            },
            30);

    [Fact]
    public void Polynomials_are_those_of_the_reference() =>
        (from rate in Rates
         from steps in Lengths
         from end in Rates
         from power in Gen.Double[0.5, 3]
         from cycle in Gen.Bool
         select (rate, steps, end, power, cycle))
        .Sample(
            drawn => Same(
                RateRules.PolynomialDecay(drawn.rate, drawn.steps, drawn.end, drawn.power, drawn.cycle),
                new PolynomialDecay(drawn.rate, drawn.steps, drawn.end, drawn.power, drawn.cycle)),
            30);

    [Fact]
    public void Cosines_are_those_of_the_reference() =>
        (from rate in Rates
         from steps in Lengths
         from alpha in Gen.Double[0, 1]
         from target in Rates
         from warmup in Gen.Long[0, 40]
         select (rate, steps, alpha, target, warmup))
        .Sample(
            drawn =>
            {
                Same(RateRules.CosineDecay(drawn.rate, drawn.steps, drawn.alpha), new CosineDecay(drawn.rate, drawn.steps, drawn.alpha));
                Same(
                    RateRules.CosineDecay(drawn.rate, drawn.steps, drawn.alpha, drawn.target, drawn.warmup),
                    new CosineDecay(drawn.rate, drawn.steps, drawn.alpha, drawn.target, drawn.warmup));
            },
            30);

    // Factors that make the restarts fall on whole numbers, exactly: elsewhere rounding decides on which side of one an update is.
    [Fact]
    public void Restarts_are_those_of_the_reference() =>
        (from rate in Rates
         from first in Gen.Long[1, 8]
         from longer in Gen.Int[2, 6].Select(halves => halves / 2.0)
         from higher in Gen.Double[0, 1.2]
         from alpha in Gen.Double[0, 1]
         select (rate, first: first * 32, longer, higher, alpha))
        .Sample(
            drawn => Same(
                RateRules.CosineDecayRestarts(drawn.rate, drawn.first, drawn.longer, drawn.higher, drawn.alpha),
                new CosineDecayRestarts(drawn.rate, drawn.first, drawn.longer, drawn.higher, drawn.alpha),
                last: 1500),
            30);

    [Fact]
    public void Cycles_are_those_of_the_reference() =>
        (from rate in Rates
         from steps in Gen.Long[10, 60]
         from rising in Gen.Double[0.15, 0.85]
         from first in Gen.Double[1, 30]
         from last in Gen.Double[1, 1e4]
         select (rate, steps, rising, first, last))
        .Sample(
            drawn => Same(
                RateRules.OneCycle(drawn.rate, drawn.steps, drawn.rising, drawn.first, drawn.last),
                new OneCycle(drawn.rate, drawn.steps, drawn.rising, drawn.first, drawn.last)),
            30);

    [Fact]
    public void Pieces_keep_their_value_up_to_their_boundary()
    {
        var pieces = new PiecewiseConstantDecay([100, 110, 120], [1, .1, .01, .001]);
        Near.Equal([1, 1, .1, .1, .01, .001], ((long[])[0, 100, 101, 110, 120, 121]).Select(pieces.RateAt), 0);
        Assert.Equal(.5, new PiecewiseConstantDecay([], [.5]).RateAt(7));
    }

    [Fact]
    public void Restarts_begin_anew_on_the_update()
    {
        var restarts = new CosineDecayRestarts(1, 10);
        Near.Equal([1, .5, 1, .5, 1, .5, 1], ((long[])[0, 5, 10, 20, 30, 50, 70]).Select(restarts.RateAt), 1e-12);
        // Far out, where logarithms are no longer whole.
        for (int falls = 1; falls <= 40; falls++)
            Assert.Equal(1, restarts.RateAt(10 * ((1L << falls) - 1)), 1e-9);
    }

    [Fact]
    public void Long_runs_end_at_the_last_rate()
    {
        const long Late = 1L << 50;
        Assert.Equal(.1, new CosineDecay(1, 100, alpha: .1).RateAt(Late), 1e-12);
        Assert.Equal(.0001, new PolynomialDecay(.05, 100).RateAt(Late), 1e-12);
        Assert.Equal(1 / 25.0 / 1e4, new OneCycle(1, 100).RateAt(Late), 1e-12);
        Assert.Equal(0, new ExponentialDecay(1, 100, .5).RateAt(Late));
        Assert.InRange(new CosineDecayRestarts(1, 10).RateAt(Late), 0, 1);
        Assert.InRange(new CosineDecayRestarts(1, 10, tMul: 1).RateAt(Late), 0, 1);
    }

    [Fact]
    public void A_number_is_a_schedule()
    {
        LearningRateSchedule constant = 0.25;
        Near.Equal([.25, .25], [constant.RateAt(0), constant.RateAt(1L << 40)], 0);
        Assert.Equal(.25, Assert.IsType<Constant>(constant).LearningRate);
    }

    [Fact]
    public void Every_update_takes_the_rate_of_its_number()
    {
        using var net = new ThreeClasses(batchSize: 8);
        using var other = new ThreeClasses(batchSize: 8);
        double[] rates = [0.5, 0.25, 2, 0.125];
        var sgd = new SGD(new PiecewiseConstantDecay([0, 1, 2], rates));
        Assert.Equal(0.5, sgd.LearningRate);
        // Each model counts its own updates, and a look at gradients is none.
        for (int update = 0; update < rates.Length; update++)
        {
            foreach (Model model in (Model[])[net, other])
            {
                float[] before = Samples.Weights(model);
                model.ComputeGradients(Inputs, ClassIds);
                model.TrainOnBatch(Inputs, ClassIds, sgd);
                Assert.Equal(rates[update], sgd.LearningRate);
                // Powers of two: the products are exact, so each weight is one rounded difference.
                float[] expected = [.. before.Zip(model.Weights.SelectMany(weight => weight.Gradient.ToArray()), (w, g) => w - ((float)rates[update] * g))];
                Compare.Same($"weights after update {update + 1}", expected, Samples.Weights(model));
            }
        }
    }

    [Fact]
    public void Another_optimizer_begins_its_schedule_anew()
    {
        using var net = new ThreeClasses(batchSize: 8);
        SGD first = new(new PiecewiseConstantDecay([1], [1, .5])), second = new(new PiecewiseConstantDecay([1], [1, .5]));
        for (int update = 0; update < 3; update++)
            net.TrainOnBatch(Inputs, ClassIds, first);
        net.TrainOnBatch(Inputs, ClassIds, second);
        Assert.Equal((.5, 1), (first.LearningRate, second.LearningRate));
    }

    [Fact]
    public void A_scheduled_rate_cannot_be_set()
    {
        var optimizer = new Adam(new ExponentialDecay(.5, 10, .9));
        var fault = Assert.Throws<InvalidOperationException>(() => optimizer.LearningRate = .1);
        Assert.Equal("The learning rate follows ExponentialDecay: it cannot be set.", fault.Message);
        Assert.Equal(.5, optimizer.LearningRate);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void A_schedule_of_ones_own_gives_finite_numbers_of_at_least_0(double wrong)
    {
        using var net = new ThreeClasses(batchSize: 8);
        Assert.Throws<InvalidOperationException>(() => new SGD(new Failing(0, wrong)));
        var sgd = new SGD(new Failing(1, wrong));
        net.TrainOnBatch(Inputs, ClassIds, sgd);
        float[] before = Samples.Weights(net);
        var fault = Assert.Throws<InvalidOperationException>(() => net.TrainOnBatch(Inputs, ClassIds, sgd));
        Assert.StartsWith("Failing gives a learning rate of ", fault.Message, StringComparison.Ordinal);
        Compare.Same("weights", before, Samples.Weights(net));
        Assert.Throws<ArgumentNullException>("learningRate", () => new SGD((LearningRateSchedule)null!));
    }

    [Fact]
    public void What_schedules_are_made_of_has_ranges()
    {
        foreach (double wrong in (double[])[-1e-9, double.NaN, double.PositiveInfinity])
        {
            Refused("learningRate", () => new Constant(wrong));
            Refused("initialLearningRate", () => new ExponentialDecay(wrong, 1, 1));
            Refused("decayRate", () => new ExponentialDecay(1, 1, wrong));
            Refused("initialLearningRate", () => new InverseTimeDecay(wrong, 1, 1));
            Refused("decayRate", () => new InverseTimeDecay(1, 1, wrong));
            Refused("initialLearningRate", () => new PolynomialDecay(wrong, 1));
            Refused("endLearningRate", () => new PolynomialDecay(1, 1, wrong));
            Refused("power", () => new PolynomialDecay(1, 1, power: wrong));
            Refused("values", () => new PiecewiseConstantDecay([], [wrong]));
            Refused("initialLearningRate", () => new CosineDecay(wrong, 1));
            Refused("alpha", () => new CosineDecay(1, 1, wrong));
            Refused("warmupTarget", () => new CosineDecay(1, 1, warmupTarget: wrong));
            Refused("initialLearningRate", () => new CosineDecayRestarts(wrong, 1));
            Refused("tMul", () => new CosineDecayRestarts(1, 1, tMul: wrong));
            Refused("mMul", () => new CosineDecayRestarts(1, 1, mMul: wrong));
            Refused("alpha", () => new CosineDecayRestarts(1, 1, alpha: wrong));
            Refused("maxLearningRate", () => new OneCycle(wrong, 2));
            Refused("pctStart", () => new OneCycle(1, 2, wrong));
            Refused("divFactor", () => new OneCycle(1, 2, divFactor: wrong));
            Refused("finalDivFactor", () => new OneCycle(1, 2, finalDivFactor: wrong));
        }

        Refused("decaySteps", () => new ExponentialDecay(1, 0, 1));
        Refused("decaySteps", () => new InverseTimeDecay(1, 0, 1));
        Refused("decaySteps", () => new PolynomialDecay(1, 0));
        Refused("decaySteps", () => new CosineDecay(1, 0));
        Refused("warmupSteps", () => new CosineDecay(1, 1, warmupTarget: 2, warmupSteps: -1));
        Refused("firstDecaySteps", () => new CosineDecayRestarts(1, 0));
        Refused("tMul", () => new CosineDecayRestarts(1, 1, tMul: 0.99));
        Refused("totalSteps", () => new OneCycle(1, 1));
        Assert.Throws<ArgumentException>("warmupSteps", () => new CosineDecay(1, 1, warmupSteps: 5));
        Assert.Throws<ArgumentException>("boundaries", () => new PiecewiseConstantDecay([2, 2], [1, 2, 3]));
        string message = Assert.Throws<ArgumentException>("values", () => new PiecewiseConstantDecay([2, 4], [1, 2])).Message;
        Assert.StartsWith("2 boundaries are between 3 values; 2 were given.", message, StringComparison.Ordinal);
    }

    private static void Refused(string name, Func<LearningRateSchedule> make) =>
        Assert.Throws<ArgumentOutOfRangeException>(name, () => _ = make());

    private static void Same(Func<long, double> expected, LearningRateSchedule actual, long last = 200)
    {
        for (long update = 0; update <= last; update++)
        {
            double right = expected(update);
            Assert.Equal(right, actual.RateAt(update), 1e-9 * Math.Max(1, Math.Abs(right)));
        }
    }

    /// <summary>Gives a rate, and from some update on something else.</summary>
    private sealed class Failing(long from, double wrong) : LearningRateSchedule
    {
        public override double RateAt(long update) => update < from ? 0.1 : wrong;
    }
}

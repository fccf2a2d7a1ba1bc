using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Known trajectories of optimizers: computed by hand, or from the tests of Keras.</summary>
public sealed class OptimizerFactTests
{
    public static TheoryData<string, double[]> Scalars => new()
    {
        { "adam", [.999, .99936611, .99962026, .99980228, .99993161] },
        { "rmsprop", [.99683772, .99969487, .99954445, .99938610, .99921941] },
        { "adagrad", [.99, .99894427, .99849751, .99805118, .99760531] },
        { "adadelta", [.99858579, 1.00038365, 1.00026063, 1.00013670, 1.00001184] },
        { "momentum", [.99, 1.001, 1.0099, 1.01691, 1.022219] },
        { "nesterov", [.981, 1.0109, 1.01791, 1.023219, 1.0269971] },
        { "adamax", [.998, .99857895, .99890769, .99911194, .99924197] },
        { "nadam", [.99788710, .99970021, .99967126, .99962633, .99956271] },
    };

    // The slope is 1, −2, and 0.1 three times.
    [Theory]
    [MemberData(nameof(Scalars))]
    public void One_weight(string name, double[] expected) =>
        Near.Equal(expected, Follow(Rule(name, 1), 1, [1], [-2], [.1], [.1], [.1]), 1e-8);

    [Fact]
    public void Four_weights_with_equal_slopes()
    {
        double[] After(OptimizerRule rule, Func<long, double>? schedule = null)
        {
            Tensor weights = new([4], [1, 2, 3, 4]);
            var updater = new Updater { Schedule = schedule };
            updater.Add(weights, rule);
            for (int i = 0; i < 3; i++)
                updater.Step(new Tensor([4], [1, 6, 7, 2]));
            return weights.Values;
        }

        Near.Equal([.97, 1.82, 2.79, 3.94], After(new SgdRule(.01, 0, false, 4)));
        Near.Equal([.9439, 1.6634, 2.6073, 3.8878], After(Rule("momentum", 4)));
        Near.Equal([.91951, 1.51706, 2.43657, 3.83902], After(Rule("nesterov", 4)));
        Func<long, double> decay = RateRules.InverseTimeDecay(.01, 1, .1);
        Near.Equal([.97257576, 1.83545455, 2.80803030, 3.94515152], After(new SgdRule(.01, 0, false, 4), decay), 1e-8);
        Near.Equal([.99262262, 1.99262262, 2.99262262, 3.99262262], After(Rule("rmsprop", 4)), 1e-7);
        Near.Equal([.97715543, 1.97715543, 2.97715543, 3.97715543], After(Rule("adagrad", 4)), 1e-7);
        Near.Equal([.99570914, 1.99570914, 2.99570914, 3.99570914], After(Rule("adadelta", 4)), 1e-6);
        Near.Equal([.997, 1.997, 2.997, 3.997], After(Rule("adam", 4)), 2e-8);
    }

    [Fact]
    public void AMSGrad_remembers_the_largest_moment()
    {
        double[][] slopes = [[1], [.1], [.1], [.1]];
        Near.Equal([.9, .809738, .714912, .609434], Follow(new AdamRule(.1, .9, .5, 1e-7, 1), 1, slopes));
        Near.Equal([.9, .83554, .786725, .746908], Follow(new AdamRule(.1, .9, .5, 1e-7, 1, amsGrad: true), 1, slopes));
    }

    // Keras adds epsilon inside the root, which shows behind the fourth digit.
    [Fact]
    public void RMSprop_about_the_mean()
    {
        double[][] slopes = [[.01], [.1], [.1], [.1], [.1]];
        Near.Equal([.9967, .9933, .9908, .9885, .9864], Follow(new RmsPropRule(.001, .9, 1e-7, 1, centered: true), 1, slopes), 1e-4);
        Near.Equal([.9, .71, .439], Follow(new RmsPropRule(.1, 0, 0, 1, momentum: .9), 1, [3], [3], [3]), 1e-12);
    }

    [Theory]
    [InlineData("adagrad", .1, .9963, .9604, .9251, .8903, .8560)]
    [InlineData("adagrad", 1, .9963, .8209, .6891, .5790, .4825)]
    [InlineData("adamax", .1, .8, .6827, .5333, .3680, .1933)]
    [InlineData("adamax", 1, .8, .6910, .5466, .3848, .2126)]
    [InlineData("nadam", .1, .4281, -.1738, -.7115, -1.2335, -1.7492)]
    [InlineData("nadam", 1, .4281, -.1717, -.7084, -1.2299, -1.7454)]
    [InlineData("adadelta", .1, .9978, .9947, .9915, .9882, .9849)]
    public void Other_parameters(string name, double slope, params double[] expected)
    {
        OptimizerRule rule = name switch
        {
            "adagrad" => new AdagradRule(.2, 1e-6, 1, initialAccumulator: .3),
            "adamax" => new AdamaxRule(.2, .85, .95, 1e-6, 1),
            "adadelta" => new AdadeltaRule(1, .8, 1e-6, 1),
            _ => new NadamRule(.5, .5, .67, 1e-5, 1, scheduleDecay: 1),
        };
        Near.Equal(expected, Follow(rule, 1, [.01], [slope], [slope], [slope], [slope]), 2e-4);
    }

    [Fact]
    public void Lion_takes_steps_of_one_size()
    {
        var rule = new LionRule(.1, .9, .5, 1);
        Near.Equal([.9, .8, .9, .8], Follow(rule, 1, [1], [-3], [-1], [100]), 1e-12);
        Near.Equal([49.4375], rule.First, 1e-12);
    }

    [Fact]
    public void Muon_makes_singular_values_alike()
    {
        Matrix Turn(double angle) => new(2, 2, [Math.Cos(angle), -Math.Sin(angle), Math.Sin(angle), Math.Cos(angle)]);
        double Step(double s) => (3.4445 * s) - (4.7750 * Math.Pow(s, 3)) + (2.0315 * Math.Pow(s, 5));
        double Iterate(double s) => Enumerable.Range(0, 6).Aggregate(s / (5 + 1e-7), (x, _) => Step(x));
        Matrix Compose(double first, double second) => Turn(.7).Times(new Matrix(2, 2, [first, 0, 0, second])).Times(Turn(-.4));
        Near.Equal(Compose(Iterate(3), Iterate(4)).Values, MuonRule.Orthogonalize(Compose(3, 4), 6).Values, 1e-12);
        Assert.InRange(Iterate(3), 0.7, 1.2);

        // A tall matrix is turned first, and takes longer steps.
        Matrix tall = new(4, 1, [1, 2, 2, 4]);
        double[] weights = [0, 0, 0, 0];
        new MuonRule(.1, [4, 1]).Update(weights, tall.Values);
        Near.Equal(tall.Values.Select(value => -.1 * 2 * Iterate(5) * value / 5), weights, 1e-8);
    }

    [Fact]
    public void Muon_sees_kernels_as_matrices_and_leaves_vectors_to_Adam()
    {
        double[] kernel = new double[24], matrix = new double[24];
        new MuonRule(.1, [2, 2, 2, 3]).Update(kernel, Draw.Reals(1, 24).Values);
        new MuonRule(.1, [8, 3]).Update(matrix, Draw.Reals(1, 24).Values);
        Assert.Equal(matrix, kernel);
        Assert.Equal(.0001, Assert.IsType<AdamRule>(MuonRule.For([3])).LearningRate, 1e-12);
        Assert.IsType<MuonRule>(MuonRule.For([3, 2]));
    }

    [Fact]
    public void Clipping()
    {
        Near.Equal([Math.Sqrt(.5), Math.Sqrt(.5)], new ClippingRule(Norm: 1).Apply([[100, 100]])[0]);
        Near.Equal([1, -1, .5], new ClippingRule(Value: 1).Apply([[100, -100, .5]])[0]);
        IReadOnlyList<double[]> global = new ClippingRule(GlobalNorm: 1).Apply([[3], [4]]);
        Near.Equal([.6, .8], [global[0][0], global[1][0]]);
        Near.Equal([.3, .4], new ClippingRule(Norm: 1).Apply([[.3, .4]])[0]);
    }

    [Fact]
    public void Weight_decay_takes_a_part_of_each_weight()
    {
        Tensor weight = new([1], [2]);
        var updater = new Updater { WeightDecay = .004 };
        updater.Add(weight, new AdamRule(1, .9, .999, 1e-7, 1));
        updater.Step(new Tensor([1]));
        Assert.Equal(1.992, weight.Values[0], 1e-12);
        updater.Step(new Tensor([1]));
        updater.Step(new Tensor([1]));
        Assert.Equal(1.976095872, weight.Values[0], 1e-9);
    }

    [Fact]
    public void Averages_overwrite_the_weights()
    {
        Tensor weight = new([1], [3]);
        var average = new MovingWeights(.9, overwriteFrequency: 3);
        var updater = new Updater();
        updater.Add(weight, new SgdRule(1, 0, false, 1), average: average);
        List<double> values = [];
        for (int i = 0; i < 3; i++)
        {
            updater.Step(new Tensor([1], [1]));
            values.Add(weight.Values[0]);
        }

        Near.Equal([2, 1, 1.71], values);
        Near.Equal([1.71], average.Average);
    }

    [Fact]
    public void Regularizers_come_before_clipping_and_constraints_last()
    {
        Tensor weight = new([2], [1, -1]);
        var updater = new Updater { Clipping = new ClippingRule(Value: 1) };
        updater.Add(weight, new SgdRule(.5, 0, false, 2), new RegularizerRule(L2: 10), ConstraintRules.NonNegative);
        updater.Step(new Tensor([2]));
        Near.Equal([.5, 0], weight.Values);
    }

    private static OptimizerRule Rule(string name, int count) => name switch
    {
        "momentum" => new SgdRule(.01, .9, false, count),
        "nesterov" => new SgdRule(.01, .9, true, count),
        "adagrad" => new AdagradRule(.01, 1e-7, count),
        "adadelta" => new AdadeltaRule(1, .95, 1e-7, count),
        "rmsprop" => new RmsPropRule(.001, .9, 1e-7, count),
        "adam" => new AdamRule(.001, .9, .999, 1e-7, count),
        "adamax" => new AdamaxRule(.002, .9, .999, 1e-7, count),
        _ => new NadamRule(.002, .9, .999, 1e-7, count),
    };

    private static IEnumerable<double> Follow(OptimizerRule rule, double start, params double[][] slopes)
    {
        double[] weights = [start];
        return [.. slopes.Select(slope =>
        {
            rule.Update(weights, slope);
            return weights[0];
        })];
    }
}

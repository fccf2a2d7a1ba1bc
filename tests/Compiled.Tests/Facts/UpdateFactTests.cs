using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Known updates of several weights at once, from the tests of Keras 3: of the reference, and of the native ops.</summary>
public sealed class UpdateFactTests
{
    public static TheoryData<string, double[]> FirstUpdates => new()
    {
        { "SGD", [.5, -1, -.5, 3] },
        { "Adam", [.5, 1.5, 2.5, 3.5] },
        { "Adamax", [.5, 1.5, 2.5, 3.5] },
        { "RMSprop", [-.5811, .4189, 1.4189, 2.4189] },
        { "Adagrad of Keras 3", [.5233, 1.5007, 2.5005, 3.5061] },
        { "Adadelta", [.9993, 1.9993, 2.9993, 3.9993] },
        { "Nadam of Keras 3", [.4686, 1.4686, 2.4686, 3.4686] },

        // Those of Keras 2: without an initial accumulator the first step is the rate, and with µ₁ and µ₂ near 0.45 Nadam's is
        // rate · (1 + 0.1 µ₂ / (1 − µ₁ µ₂)).
        { "Adagrad", [.5, 1.5, 2.5, 3.5] },
        { "Nadam", [.471773, 1.471773, 2.471773, 3.471773] },
    };

    [Theory]
    [MemberData(nameof(FirstUpdates))]
    public void The_first_update_of_four_weights(string name, double[] expected) =>
        Follow(
            () => name switch
            {
                "SGD" => new SGD(.5),
                "Adam" => new Adam(.5),
                "Adamax" => new Adamax(.5),
                "RMSprop" => new RMSprop(.5),
                "Adagrad of Keras 3" => new Adagrad(.5, initialAccumulatorValue: .1),
                "Adagrad" => new Adagrad(.5),
                "Adadelta" => new Adadelta(.5),
                "Nadam of Keras 3" => new Nadam(.5, scheduleDecay: 1),
                _ => new Nadam(.5),
            },
            [1, 2, 3, 4], [[1, 6, 7, 2]], [expected], 1e-4);

    // The first slope of all ten weights is 0.01, those behind it are 0.1, 0.2 … 1.
    public static TheoryData<string, double[][]> Trajectories => new()
    {
        { "SGD", [All(.9999), Line(.9989, .9899), Line(.9979, .9799), Line(.9969, .9699), Line(.9959, .9599)] },
        { "AMSGrad", [All(.999), All(.9982), All(.9974), All(.9965), All(.9955)] },
        { "RMSprop", [All(.9967), All(.9933), All(.9908), All(.9885), All(.9864)] },
        { "Adadelta", [All(.9978), All(.9947), All(.9915), All(.9882), All(.9849)] },
    };

    [Theory]
    [MemberData(nameof(Trajectories))]
    public void Ten_weights_on_their_way(string name, double[][] expected) =>
        Follow(
            () => name switch
            {
                "SGD" => new SGD(momentum: 0, nesterov: true),
                "AMSGrad" => new Adam(amsgrad: true),
                "RMSprop" => new RMSprop(centered: true),
                _ => new Adadelta(rho: .8, epsilon: 1e-6),
            },
            All(1), Slopes, expected, 2e-4);

    public static TheoryData<string, double[][]> Corners => new()
    {
        { "Adagrad", [[.9963, .9963, .9963], [.9604, .8615, .8209], [.9251, .7497, .6891], [.8903, .6521, .5790], [.8560, .5644, .4825]] },
        { "Adamax", [[.8, .8, .8], [.6827, .6901, .6910], [.5333, .5451, .5466], [.3680, .3829, .3848], [.1933, .2105, .2126]] },
        {
            "Nadam",
            [
                [.4281, .4281, .4281], [-.1738, -.1721, -.1717], [-.7115, -.7090, -.7084], [-1.2335, -1.2306, -1.2299],
                [-1.7492, -1.7461, -1.7454],
            ]
        },
    };

    // Of the same ten weights the first, the fifth and the last.
    [Theory]
    [MemberData(nameof(Corners))]
    public void Three_of_ten_weights_on_their_way(string name, double[][] expected) =>
        Follow(
            () => name switch
            {
                "Adagrad" => new Adagrad(.2, initialAccumulatorValue: .3, epsilon: 1e-6),
                "Adamax" => new Adamax(.2, .85, .95, 1e-6),
                _ => new Nadam(.5, .5, .67, 1e-5, scheduleDecay: 1),
            },
            [1, 1, 1], [.. Slopes.Select(slopes => new[] { slopes[0], slopes[4], slopes[9] })], expected, 2e-4);

    private static double[][] Slopes => [All(.01), Line(.1, 1), Line(.1, 1), Line(.1, 1), Line(.1, 1)];

    private static double[] All(double value) => Line(value, value);

    /// <summary>Ten numbers from the first to the last, in equal steps.</summary>
    private static double[] Line(double first, double last) =>
        [.. Enumerable.Range(0, 10).Select(i => first + ((last - first) * i / 9))];

    private static void Follow(Func<Optimizer> make, double[] start, double[][] slopes, double[][] expected, double tolerance)
    {
        Tensor weights = new([start.Length], [.. start]);
        OptimizerRule rule = OptimizerTwin.Rule(make(), weights.Shape);
        double[] reference = [.. start];
        foreach ((double[] slope, double[] value) in slopes.Zip(expected))
        {
            rule.Update(reference, slope);
            Near.Equal(value, reference, tolerance);
        }

        LayerGolden.OnEachTarget((context, who) =>
        {
            var update = new NativeUpdate(context, make(), weights);
            for (int step = 0; step < slopes.Length; step++)
            {
                update.Step(new Tensor(weights.Shape, slopes[step]));
                Near.Equal(expected[step], update.Weight(weights).Select(value => (double)value), tolerance);
            }
        });
    }
}

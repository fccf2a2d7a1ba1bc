using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>The native updates of all optimizers, on all targets: known numbers, the reference, and the same bits in any order.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class UpdateTests
{
    private static readonly Tensor One = new([1], [1]);

    private static readonly Gen<int[][]> Tensors = Gen.OneOf(
        Gen.Int[1, 70].Select(count => new[] { count }),
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 12], (rows, columns) => new[] { rows, columns }),
        Gen.Select(
            Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 4], Gen.Int[1, 5],
            (height, width, channels, filters) => new[] { height, width, channels, filters })).Array[1, 4];

    /// <summary>Rates, momentums and parts that are powers of two.</summary>
    private static readonly Gen<(string Kind, bool Clips, double Decay)> ExactOptimizers =
        Gen.Select(Gen.OneOf("SGD", "momentum", "Nesterov", "Lion"), Gen.Bool, Gen.OneOf(0, 0.5));

    public static TheoryData<string> Kinds => OptimizerTwin.Names;

    public static TheoryData<string, double[]> Scalars => new()
    {
        { "Adam", [.999, .99936611, .99962026, .99980228, .99993161] },
        { "RMSprop", [.99683772, .99969487, .99954445, .99938610, .99921941] },
        { "Adagrad", [.99, .99894427, .99849751, .99805118, .99760531] },
        { "Adagrad of Keras 3", [.99904654, .99993215, .99988791, .99984372, .99979957] },
        { "Adadelta", [.99858579, 1.00038365, 1.00026063, 1.00013670, 1.00001184] },
        { "momentum", [.99, 1.001, 1.0099, 1.01691, 1.022219] },
        { "Nesterov", [.981, 1.0109, 1.01791, 1.023219, 1.0269971] },
        { "Adamax", [.998, .99857895, .99890769, .99911194, .99924197] },
        { "Adamax at 0.001", [.999, .99928947, .99945384, .99955597, .99962098] },
        { "Nadam", [.99788710, .99970021, .99967126, .99962633, .99956271] },
        { "Nadam of Keras 3", [.99893721, .99981888, .99981327, .99980196, .99978339] },
    };

    // The slope is 1, -2, and 0.1 three times. Rates and all else are the defaults.
    [Theory]
    [MemberData(nameof(Scalars))]
    public void One_weight_goes_where_it_is_known_to_go(string name, double[] expected) =>
        Follow(() => name switch
        {
            "momentum" => new SGD(momentum: .9),
            "Nesterov" => new SGD(momentum: .9, nesterov: true),
            "Adam" => new Adam(),
            "RMSprop" => new RMSprop(),
            "Adagrad" => new Adagrad(),
            "Adagrad of Keras 3" => new Adagrad(.001, initialAccumulatorValue: .1),
            "Adadelta" => new Adadelta(),
            "Adamax" => new Adamax(),
            "Adamax at 0.001" => new Adamax(.001),
            "Nadam of Keras 3" => new Nadam(.001, scheduleDecay: 1),
            _ => new Nadam(),
        }, [1, -2, .1, .1, .1], expected, 2e-7);

    public static TheoryData<string, double[], double[]> Quadruples => new()
    {
        { "SGD", [.99, 1.94, 2.93, 3.98], [.97, 1.82, 2.79, 3.94] },
        { "momentum", [.99, 1.94, 2.93, 3.98], [.9439, 1.6634, 2.6073, 3.8878] },
        { "Nesterov", [.981, 1.886, 2.867, 3.962], [.91951, 1.51706, 2.43657, 3.83902] },
        { "decay", [.99, 1.94, 2.93, 3.98], [.97257576, 1.83545455, 2.80803030, 3.94515152] },
        { "RMSprop", [.99683772, 1.99683772, 2.99683772, 3.99683772], [.99262262, 1.99262262, 2.99262262, 3.99262262] },
        { "Adagrad", [.99, 1.99, 2.99, 3.99], [.97715543, 1.97715543, 2.97715543, 3.97715543] },
        { "Adagrad of Keras 3", [.99904654, 1.99900139, 2.99900102, 3.99901227], [.99778851, 1.99771769, 2.99771712, 3.99773458] },
        { "Adadelta", [.99858579, 1.99858579, 2.99858579, 3.99858579], [.99570914, 1.99570914, 2.99570914, 3.99570914] },
        { "Adam", [.999, 1.999, 2.999, 3.999], [.997, 1.997, 2.997, 3.997] },
    };

    [Theory]
    [MemberData(nameof(Quadruples))]
    public void Four_weights_go_where_they_are_known_to_go(string name, double[] first, double[] third)
    {
        Tensor weights = new([4], [1, 2, 3, 4]), gradient = new([4], [1, 6, 7, 2]);
        LayerGolden.OnEachTarget((context, who) =>
        {
            var update = new NativeUpdate(context, name switch
            {
                "SGD" => new SGD(),
                "momentum" => new SGD(momentum: .9),
                "Nesterov" => new SGD(momentum: .9, nesterov: true),
                "decay" => new SGD(new InverseTimeDecay(.01, 1, .1)),
                "RMSprop" => new RMSprop(),
                "Adagrad" => new Adagrad(),
                "Adagrad of Keras 3" => new Adagrad(.001, initialAccumulatorValue: .1),
                "Adadelta" => new Adadelta(),
                _ => new Adam(),
            }, weights);
            update.Step(gradient);
            Compare.Close($"{who}: first", first, update.Weight(weights), 2e-7, 2e-7);
            update.Step(gradient);
            update.Step(gradient);
            Compare.Close($"{who}: third", third, update.Weight(weights), 2e-7, 2e-7);
        });
    }

    [Fact]
    public void AMSGrad_remembers_the_largest_moment()
    {
        double[] slopes = [1, .1, .1, .1];
        Follow(() => new Adam(.1, beta2: .5), slopes, [.9, .809738, .714912, .609434], 1e-6);
        Follow(() => new Adam(.1, beta2: .5, amsgrad: true), slopes, [.9, .83554, .786725, .746908], 1e-6);
    }

    // With epsilon inside the root it would be 3.1466e-4 and 3.162e-7.
    [Fact]
    public void Epsilon_is_outside_the_root()
    {
        Follow(() => new RMSprop(), [1e-4], [1 - 3.1523e-3], 1e-7);
        Follow(() => new Adagrad(), [1e-4], [1 - 9.99e-3], 1e-7);
    }

    [Fact]
    public void Lion_takes_steps_of_one_size() => Follow(() => new Lion(.125, .875, .5), [1, -3, -1, 100, 0], [.875, .75, .875, .75, .625], 0);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Updates_are_those_of_the_reference(string name)
    {
        int[][] shapes = [[5], [3, 2, 4], [41, 7], [1]];
        LayerGolden.OnEachTarget(
            (context, who) => Train(context, who, () => OptimizerTwin.Make(name), shapes, updates: 5, Draw.Reals, tolerance: 2e-6));
    }

    [Fact]
    public void Updates_of_drawn_tensors_are_those_of_the_reference() =>
        Gen.Select(Gen.OneOf<string>([.. OptimizerTwin.AllNames]), Tensors).OnEachTarget((context, who, drawn) =>
        {
            (string name, int[][] shapes) = drawn;
            Train(context, $"{who} {Names(shapes)}", () => OptimizerTwin.Make(name), shapes, updates: 3, Draw.Reals, tolerance: 2e-6);
        });

    [Fact]
    public void Updates_of_integers_are_exact() => Gen.Select(ExactOptimizers, Tensors).OnEachTarget((context, who, drawn) =>
    {
        ((string kind, bool clips, double decay), int[][] shapes) = drawn;
        double? clip = clips ? 2 : null;
        Train(
            context, $"{who} {Names(shapes)}",
            () => kind == "Lion"
                ? new Lion(0.5, 0.5, 0.5) { ClipValue = clip, WeightDecay = decay }
                : new SGD(0.5, kind == "SGD" ? 0 : 0.5, kind == "Nesterov") { ClipValue = clip, WeightDecay = decay },
            shapes, updates: 3, Draw.Integers, tolerance: 0);
    });

    private static string Names(int[][] shapes) => string.Join(' ', shapes.Select(shape => string.Join('×', shape)));

    private static void Train(
        NativeContext context, string who, Func<Optimizer> make, int[][] shapes, int updates,
        Func<int, IReadOnlyList<int>, Tensor> draw, double tolerance)
    {
        Optimizer optimizer = make();
        Tensor[] weights = [.. shapes.Select((shape, i) => draw(i, shape))];
        Tensor[] expected = [.. weights.Select(weight => weight.Map(value => value))];
        (Updater updater, MovingWeights[] averages) = OptimizerTwin.Updater(make(), expected);
        var update = new NativeUpdate(context, optimizer, weights);
        for (int step = 0; step < updates; step++)
        {
            Tensor[] gradients = [.. shapes.Select((shape, i) => draw((100 * step) + i, shape))];
            update.Step(gradients);
            updater.Step(gradients);
        }

        for (int i = 0; i < weights.Length; i++)
        {
            Compare.Close($"{who}: weight {i}", expected[i].Values, update.Weight(weights[i], i), tolerance, tolerance);
            if (optimizer.UseEma)
                Compare.Close($"{who}: average {i}", averages[i].Average, update.Average(weights[i], i), tolerance, tolerance);
        }
    }

    private static void Follow(Func<Optimizer> make, double[] slopes, double[] expected, double tolerance) =>
        LayerGolden.OnEachTarget((context, who) =>
        {
            var update = new NativeUpdate(context, make(), One);
            for (int step = 0; step < slopes.Length; step++)
            {
                update.Step(new Tensor([1], [slopes[step]]));
                Compare.Close($"{who}: update {step + 1}", [expected[step]], update.Weight(One), 0, tolerance);
            }
        });
}

using Compiled.Interop;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Penalties and constraints of weights, natively on all targets, against the reference and known numbers.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class WeightRuleOpTests
{
    private static readonly Gen<WeightRule> Rules =
        from l1 in Gen.OneOf(0.0, 0.01, 0.5)
        from l2 in Gen.OneOf(0.0, 0.02, 1)
        from constraint in Gen.OneOf("None", "MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm")
        select constraint switch
        {
            "MaxNorm" => new WeightRule(l1, l2, constraint, Maximum: 0.75),
            "MinMaxNorm" => new WeightRule(l1, l2, constraint, Maximum: 1.5, Minimum: 0.5, Rate: 0.75),
            _ => new WeightRule(l1, l2, constraint),
        };

    private static readonly Gen<WeightRule> ExactRules =
        from l1 in Gen.OneOf(0.0, 0.5, 2)
        from l2 in Gen.OneOf(0.0, 0.5, 4)
        from constraint in Gen.OneOf("None", "NonNeg")
        select new WeightRule(l1, l2, constraint);

    private static readonly Gen<int[]> SmallShapes = Gen.OneOf(
        Gen.Int[1, 70].Select(count => new[] { count }),
        Gen.Select(Gen.Int[1, 12], Gen.Int[1, 20], (rows, columns) => new[] { rows, columns }),
        Gen.Select(
            Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 4], Gen.Int[1, 9],
            (height, width, channels, filters) => new[] { height, width, channels, filters }));

    private static readonly Gen<int[]> Shapes = Gen.OneOf(
        Gen.Int[1, 70].Select(count => new[] { count }),
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 70], (rows, columns) => new[] { rows, columns }),
        Gen.Select(
            Gen.Int[1, 3], Gen.Int[1, 3], Gen.Int[1, 9], Gen.Int[1, 20],
            (height, width, channels, filters) => new[] { height, width, channels, filters }));

    [Fact]
    public void Drawn_tensors_are_penalized_and_constrained_as_in_the_reference() =>
        Gen.Select(Shapes, Rules).Array[1, 5].Sample(
            tensors =>
            {
                Tensor[] weights = [.. tensors.Select((tensor, i) => Draw.Reals(i, tensor.Item1))];
                Tensor[] gradients = [.. tensors.Select((tensor, i) => Draw.Reals(100 + i, tensor.Item1))];
                WeightRule[] rules = [.. tensors.Select(tensor => tensor.Item2)];
                LayerGolden.OnEachTarget((context, who) => Check(context, who, weights, gradients, rules, exact: false));
            },
            iter: 20);

    [Fact]
    public void Small_tensors_are_penalized_and_constrained_as_in_the_reference() =>
        Gen.Select(SmallShapes, Rules).Array[1, 5].Where(HaveBoth).OnEachTarget((context, who, tensors) => Check(
            context, who, [.. tensors.Select((tensor, i) => Draw.Reals(i, tensor.Item1))],
            [.. tensors.Select((tensor, i) => Draw.Reals(100 + i, tensor.Item1))], [.. tensors.Select(tensor => tensor.Item2)], exact: false));

    [Fact]
    public void Rules_of_integers_are_exact() =>
        Gen.Select(SmallShapes, ExactRules).Array[1, 5].Where(HaveBoth).OnEachTarget((context, who, tensors) => Check(
            context, who, [.. tensors.Select((tensor, i) => Draw.Integers(i, tensor.Item1))],
            [.. tensors.Select((tensor, i) => Draw.Integers(100 + i, tensor.Item1))], [.. tensors.Select(tensor => tensor.Item2)], exact: true));

    /// <summary>Sums of whole numbers, which no order of adding rounds.</summary>
    [Fact]
    public void Penalties_of_whole_numbers_are_exact()
    {
        Tensor Whole(int seed, int count) => Draw.Reals(seed, count).Map(value => Math.Round(9 * value));
        Tensor[] weights = [Whole(1, 20_000), Whole(2, 5), Whole(3, 700)], gradients = [Whole(4, 20_000), Whole(5, 5), Whole(6, 700)];
        WeightRule[] rules = [new(L1: 2, L2: 0.5), WeightRule.None, new(L2: 4)];
        LayerGolden.OnEachTarget((context, who) => Check(context, who, weights, gradients, rules, exact: true));
    }

    [Fact]
    public void Known_norms()
    {
        double third = 2 / Math.Sqrt(3);
        Tensor columns = new([3, 4], [0, 1, 3, 3, 0, 0, 0, 3, 0, 0, 0, 3]);
        Expect(columns, new(Constraint: "MaxNorm"), [0, 1, 2, third, 0, 0, 0, third, 0, 0, 0, third]);
        Expect(columns, new(Constraint: "UnitNorm"), [0, 1, 1, third / 2, 0, 0, 0, third / 2, 0, 0, 0, third / 2]);
        Expect(new([1, 2], [1, 5]), new(Constraint: "MinMaxNorm", Maximum: 3, Minimum: 2), [2, 3]);
        Expect(new([1, 2], [1, 5]), new(Constraint: "MinMaxNorm", Maximum: 3, Minimum: 2, Rate: .5), [1.5, 4]);
        Expect(new([2, 2, 1, 1], [3, 3, 3, 3]), new(Constraint: "UnitNorm"), [.5, .5, .5, .5]);
        Expect(new([4], [3, 3, 3, 3]), new(Constraint: "UnitNorm"), [.5, .5, .5, .5]); // one norm for all of a bias
        Expect(new([3], [-1, 0, 2]), new(Constraint: "NonNeg"), [0, 0, 2]);
    }

    /// <summary>Whether there is a penalty, and a constraint.</summary>
    private static bool HaveBoth((int[] Shape, WeightRule Rule)[] tensors) =>
        tensors.Any(tensor => tensor.Rule.L1 + tensor.Rule.L2 > 0) && tensors.Any(tensor => tensor.Rule.Constraint != "None");

    private static void Expect(Tensor weight, WeightRule rule, double[] expected) =>
        LayerGolden.OnEachTarget((context, who) =>
        {
            nint array = context.Array(weight);
            new NativeRules(context, [weight], [rule], [0, weight.Count]).Constrain(array);
            Compare.Close(who, expected, context.Floats(array, weight.Count), 1e-6, 1e-6);
        });

    private static void Check(
        NativeContext context, string who, Tensor[] weights, Tensor[] gradients, WeightRule[] rules, bool exact)
    {
        const int Rows = 3, Positions = 2;
        long[] offsets = [0, .. weights.Select((_, i) => weights.Take(i + 1).Sum(weight => weight.Count + 5L))];
        float[] Joined(Tensor[] tensors)
        {
            float[] joined = new float[offsets[^1]];
            for (int i = 0; i < tensors.Length; i++)
                tensors[i].ToFloats().CopyTo(joined, offsets[i]);
            return joined;
        }

        var native = new NativeRules(context, weights, rules, offsets, batch: Rows + 1, Positions);
        nint w = context.Array<float>(Joined(weights)), g = context.Array<float>(Joined(gradients));
        context.SetState(Rows);
        context.Write<cn_metrics>(context.Metrics, [new cn_metrics { loss = 1 }]);
        native.Add(w, 0);
        Compare.Same($"{who}: gradients of nobody", Joined(gradients), context.Floats(g, (int)offsets[^1]));
        native.Add(w, g);
        native.Constrain(w);

        // As floats they are what is multiplied with.
        RegularizerRule[] regularizers = [.. rules.Select(rule => new RegularizerRule((float)rule.L1, (float)rule.L2))];
        double penalty = weights.Select((weight, i) => regularizers[i].Penalty(weight.Map(value => (float)value))).Sum();
        Assert.Equal(1 + (2 * penalty * Rows * Positions), context.ReadMetrics().loss, exact ? 0 : 1e-9 * (1 + penalty));
        float[] gradientsFound = context.Floats(g, (int)offsets[^1]), weightsFound = context.Floats(w, (int)offsets[^1]);
        for (int i = 0; i < weights.Length; i++)
        {
            var range = new Range((int)offsets[i], (int)offsets[i] + weights[i].Count);
            double tolerance = exact ? 0 : 2e-6;
            Tensor slopes = regularizers[i].Gradient(weights[i], gradients[i]);
            Compare.Close($"{who}: gradient {i}", slopes.Values, gradientsFound[range], tolerance, tolerance);
            Tensor constrained = weights[i].Map(value => value);
            rules[i].Constrain(constrained);
            Compare.Close($"{who}: weight {i}", constrained.Values, weightsFound[range], tolerance, tolerance);
        }
    }
}

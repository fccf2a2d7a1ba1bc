using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>
/// Muon, on all targets: matrices of every shape, among others, exactly where that can be known, and what takes no part in it.
/// </summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class MuonTests
{
    // In float32 an iteration leaves errors of some 1e-7 of a norm that is about 1 at first, and each of the next makes them at most 3.4445 times
    // as large where a singular value is nearly 0: 3.4445^6 = 1670.
    private const double Tolerance = 3e-4;

    [Fact]
    public void Matrices_are_orthogonalized_as_by_the_reference() =>
        Gen.Select(Gen.OneOf(Gen.Int[1, 12], Gen.Int[1, 40]), Gen.OneOf(Gen.Int[1, 12], Gen.Int[1, 40]), Gen.Int[1, 7], Gen.Bool).Sample(
            drawn =>
            {
                (int rows, int columns, int iterations, bool nesterov) = drawn;
                Orthogonalize([[rows, columns], [3], [columns, rows]], iterations, nesterov);
            },
            25);

    // More than a tile, and than a chunk of sums; and so unlike in size that they go in several batches.
    [Fact]
    public void Large_and_small_matrices_go_together() => Orthogonalize([[2, 3], [130, 70], [5], [9, 1], [3, 3, 8, 16], [1, 150], [66, 129]], 6, nesterov: true);

    // All that is not 0 goes the same way.
    [Fact]
    public void An_orthogonal_matrix_stays_one()
    {
        const int Side = 20;
        Tensor weights = new([Side, Side]), gradient = new([Side, Side]);
        for (int row = 0; row < Side; row++)
            gradient.Values[(row * Side) + (row * 7 % Side)] = row % 3 == 0 ? -4 : 4;
        double expected = Enumerable.Range(0, 6).Aggregate(1 / Math.Sqrt(Side), (x, _) => (3.4445 * x) - (4.775 * Math.Pow(x, 3)) + (2.0315 * Math.Pow(x, 5)));
        LayerGolden.OnEachTarget((context, who) =>
        {
            var update = new NativeUpdate(context, new Muon(), weights);
            update.Step(gradient);
            float[] direction = update.Slot(1, weights);
            Assert.Equal(expected, direction[0] * -1.0, 1e-5);
            Compare.Same(who, gradient.Values.Select(value => value == 0 ? 0 : value < 0 ? direction[0] : -direction[0]).ToArray(), direction);
        });
    }

    [Fact]
    public void Without_gradients_nothing_moves()
    {
        Tensor matrix = Draw.Reals(1, 9, 5), vector = Draw.Reals(2, 5);
        LayerGolden.OnEachTarget((context, who) =>
        {
            var update = new NativeUpdate(context, new Muon(0.5), matrix, vector);
            update.Step(new Tensor([9, 5]), new Tensor([5]));
            Compare.Same(who, matrix.ToFloats(), update.Weight(matrix));
            Compare.Same(who, vector.ToFloats(), update.Weight(vector, 1));
        });
    }

    [Fact]
    public void A_NaN_spoils_its_matrix_alone()
    {
        Tensor[] weights = [Draw.Reals(1, 9, 5), Draw.Reals(2, 5), Draw.Reals(3, 4, 6)];
        Tensor[] gradients = [Draw.Reals(4, 9, 5), Draw.Reals(5, 5), Draw.Reals(6, 4, 6)];
        gradients[0].Values[7] = double.NaN;
        LayerGolden.OnEachTarget((context, who) =>
        {
            var update = new NativeUpdate(context, new Muon(), weights);
            update.Step(gradients);
            Assert.All(update.Weight(weights[0]), value => Assert.True(float.IsNaN(value), who));
            Assert.All(update.Weight(weights[1], 1).Concat(update.Weight(weights[2], 2)), value => Assert.True(float.IsFinite(value), who));
        });
    }

    private static void Orthogonalize(int[][] shapes, int iterations, bool nesterov)
    {
        Tensor[] weights = [.. shapes.Select((shape, i) => Draw.Reals(i, shape))];
        Tensor[] gradients = [.. shapes.Select((shape, i) => Draw.Reals(100 + i, shape))];
        Tensor[] expected = [.. weights.Select(weight => weight.Map(value => value))];
        (Updater updater, _) = OptimizerTwin.Updater(new Muon(0.1, 0.5, nesterov, iterations), expected);
        updater.Step(gradients);
        updater.Step(gradients);
        LayerGolden.OnEachTarget((context, who) =>
        {
            var update = new NativeUpdate(context, new Muon(0.1, 0.5, nesterov, iterations), weights);
            update.Step(gradients);
            update.Step(gradients);
            for (int i = 0; i < weights.Length; i++)
                Compare.Close($"{who}: {i}", expected[i].Values, update.Weight(weights[i], i), 0.1 * Tolerance, 0.1 * Tolerance);
        });
    }
}

using System.Runtime.CompilerServices;
using Compiled.Interop;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Penalties of a layer's output, over drawn shapes, against the reference.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class ActivityRegularizationTests
{
    private const int Positions = 3;

    [Fact]
    public void Penalties_of_integers_are_exact() => Gen.Select(
        Gen.OneOf(1, 2, 4, 8, 16), Gen.Int[1, 300], Gen.OneOf(0.0, 0.5, 2), Gen.OneOf(0.0, 0.5, 4), Gen.Bool).OnEachTarget((context, who, drawn) =>
    {
        (int rows, int count, double l1, double l2, bool accumulates) = drawn;
        Tensor? before = accumulates ? Draw.Integers(3, rows, count) : null;
        Check(context, who, Draw.Integers(1, rows, count), Draw.Integers(2, rows, count), new(l1, l2), before, tolerance: 0);
    });

    [Fact]
    public void Penalties_are_those_of_the_reference() => Gen.Select(
        Gen.Int[1, 9], Gen.Int[1, 300], Gen.OneOf(0.0, 0.01, 0.5), Gen.OneOf(0.0, 0.02, 1), Gen.Bool).OnEachTarget((context, who, drawn) =>
    {
        (int rows, int count, double l1, double l2, bool accumulates) = drawn;
        Tensor? before = accumulates ? Draw.Reals(3, rows, count) : null;
        Check(context, who, Draw.Reals(1, rows, count), Draw.Reals(2, rows, count), new(l1, l2), before, tolerance: 1e-6);
    });

    private static void Check(
        NativeContext context, string who, Tensor x, Tensor dy, RegularizerRule rule, Tensor? before, double tolerance)
    {
        int rows = x.Shape[0];
        context.SetState(rows);
        // One sample more than there are.
        nint op = context.Op(Native.cn_activity_regularization_create, new cn_activity_regularization_desc
        {
            struct_size = (uint)Unsafe.SizeOf<cn_activity_regularization_desc>(),
            input_gradient = (int)(before is null ? cn_gradient_mode.CN_GRADIENT_OVERWRITE : cn_gradient_mode.CN_GRADIENT_ACCUMULATE),
            batch = rows + 1,
            count = x.Count / rows,
            positions = Positions,
            l1 = (float)rule.L1,
            l2 = (float)rule.L2,
        });
        nint input = context.Array(x), y = context.Garbage(x.Count), dx = before is null ? context.Garbage(x.Count) : context.Array(before);
        context.Write<cn_metrics>(context.Metrics, [new cn_metrics { loss = 1 }]);
        NativeContext.Check(Native.cn_activity_regularization_forward(op, context.State, input, y, context.Metrics));
        NativeContext.Check(Native.cn_activity_regularization_backward(op, context.State, input, context.Array(dy), dx));

        (double penalty, Tensor slopes) = rule.OfOutput(x);
        Compare.Same($"{who} y", x.ToFloats(), context.Floats(y, x.Count));
        Compare.Close($"{who} loss", [1 + (penalty * rows * Positions)], [(float)context.ReadMetrics().loss], tolerance, 0);
        Tensor gradient = dy.Zip(slopes, (upper, slope) => upper + slope);
        gradient = before is null ? gradient : gradient.Zip(before, (a, b) => a + b);
        Compare.Close($"{who} dx", gradient.Values, context.Floats(dx, x.Count), tolerance, tolerance);
    }
}

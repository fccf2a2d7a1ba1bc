using Compiled.Interop;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>The moments that a convolution notes for a normalization, over drawn shapes, with and without groups.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class ConvolutionMomentsTests
{
    /// <summary>What rounding may add to sums of 64 numbers in float32.</summary>
    private const double BlockRounding = 4e-6;

    private static readonly Gen<Case> Cases = (
        from window in Draw.Windows
        from height in Gen.OneOf(Gen.Int[1, 12], Gen.Int[20, 40])
        from width in Gen.Int[1, 20]
        from groups in Gen.OneOf(Gen.Const(1), Gen.Int[2, 5])
        from channels in Gen.Int[1, 4]
        from filters in Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(16, 31, 33))
        from batch in Gen.Int[1, 5]
        from useBias in Gen.Bool
        select new Case(window, [batch, height, width, groups * channels], groups, groups * filters, useBias)).Where(drawn => drawn.IsValid);

    [Fact]
    public void They_are_those_of_the_result() => Cases.OnEachTarget((context, who, drawn) =>
    {
        (float[] y, double[] moments) = drawn.Run(context, Draw.Reals(3, drawn.Filters));
        RequireMoments(who, y, moments, BlockRounding);
    });

    /// <summary>Beside a mean of 10,000 a sum of squares alone would lose every digit of them.</summary>
    [Fact]
    public void A_large_mean_leaves_them_their_digits() => Cases.Where(drawn => drawn.UseBias).OnEachTarget((context, who, drawn) =>
    {
        (float[] y, double[] moments) = drawn.Run(context, Draw.Reals(3, drawn.Filters).Map(value => value + 1e4));
        RequireMoments(who, y, moments, 1e-4);
    });

    [Fact]
    public void Threads_change_nothing() => Cases.Sample(
        drawn =>
        {
            (float[] Y, double[] Moments)? one = null;
            foreach (int threads in (int[])[1, 2, 4])
            {
                using var context = new NativeContext(null, threads);
                (float[] y, double[] moments) = drawn.Run(context, Draw.Reals(3, drawn.Filters));
                one ??= (y, moments);
                Compare.Same($"{threads} threads, {drawn}: y", one.Value.Y, y);
                Assert.True(one.Value.Moments.AsSpan().SequenceEqual(moments), $"{threads} threads, {drawn}: moments");
            }
        },
        200);

    private static void RequireMoments(string who, float[] y, double[] moments, double relative)
    {
        int filters = moments.Length / 2, rows = y.Length / filters;
        for (int f = 0; f < filters; f++)
        {
            double[] values = [.. Enumerable.Range(0, rows).Select(row => (double)y[(row * filters) + f])];
            double mean = values.Average(), squares = values.Sum(value => Math.Pow(value - mean, 2));
            double largest = values.Max(Math.Abs), spread = values.Max() - values.Min();
            Assert.True(Math.Abs(moments[f] - mean) <= (1e-6 * spread) + (1e-9 * largest), $"{who}: mean {moments[f]} of filter {f} is not {mean}");
            Assert.True(
                Math.Abs(moments[filters + f] - squares) <= (relative * squares) + (1e-13 * rows * largest * largest),
                $"{who}: squares {moments[filters + f]} of filter {f} are not {squares}");
        }
    }

    private sealed record Case(Window2D Window, int[] Input, int Groups, int Filters, bool UseBias)
    {
        public bool IsValid => Window.OutputHeight(Input[1]) >= 1 && Window.OutputWidth(Input[2]) >= 1;

        public (float[] Y, double[] Moments) Run(NativeContext context, Tensor bias)
        {
            Tensor x = Draw.Reals(1, Input), kernel = Draw.Reals(2, Window.Height, Window.Width, Input[3] / Groups, Filters);
            context.SetState(Input[0]);
            cn_conv2d_desc desc = Kernels.Describe(x, kernel, Window, UseBias);
            desc.groups = Groups;
            return Kernels.FindMoments(context, desc, x, kernel, UseBias ? bias : null);
        }
    }
}

using Compiled.Interop;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Batch normalizations multiplied into what they normalize, over drawn shapes, against the formula in double.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class NormalizationFoldTests
{
    private static readonly Gen<Fold> Folds =
        from outer in Gen.OneOf(1, 2, 9, 27, 144)
        from channels in Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(15, 16, 17, 32, 33, 64))
        from inner in Gen.Frequency((2, Gen.Const(1)), (1, Gen.OneOf(2, 3, 16, 17)))
        from epsilon in Gen.OneOf(0.001f, 0.1f)
        from useBias in Gen.Bool
        from useScale in Gen.Bool
        from useCenter in Gen.Bool
        from inPlace in Gen.Bool
        select new Fold(outer, channels, inner, epsilon, useBias, useScale, useCenter, inPlace);

    [Fact]
    public void Kernel_and_bias_are_those_of_the_formula() => Folds.OnEachTarget((context, who, fold) =>
    {
        context.SetState(1);
        Tensor kernel = Draw.Reals(1, fold.Outer, fold.Channels, fold.Inner), mean = Draw.Reals(2, fold.Channels);
        Tensor variance = Draw.Reals(3, fold.Channels).Map(Math.Abs);
        Tensor? bias = fold.UseBias ? Draw.Reals(4, fold.Channels) : null, gamma = fold.UseScale ? Draw.Reals(5, fold.Channels) : null,
            beta = fold.UseCenter ? Draw.Reals(6, fold.Channels) : null;
        double[] factors = [.. variance.Values.Select((value, c) => (gamma?.Values[c] ?? 1) / Math.Sqrt(value + fold.Epsilon))];
        double[] folded = [.. kernel.Values.Select((value, i) => value * factors[i / fold.Inner % fold.Channels])];
        double[] offsets = [.. factors.Select((factor, c) => (beta?.Values[c] ?? 0) + (((bias?.Values[c] ?? 0) - mean.Values[c]) * factor))];

        nint op = context.Op(Native.cn_normalization_fold_create, fold.Describe());
        nint weights = context.Array(kernel), offset = bias is null ? 0 : context.Array(bias);
        nint newWeights = fold.InPlace ? weights : context.Garbage(kernel.Count);
        nint newOffset = fold.InPlace && bias is not null ? offset : context.Garbage(fold.Channels);
        nint Optional(Tensor? tensor) => tensor is null ? 0 : context.Array(tensor);
        NativeContext.Check(Native.cn_normalization_fold_forward(
            op, context.State, weights, offset, Optional(gamma), Optional(beta), context.Array(mean), context.Array(variance), newWeights, newOffset));
        Compare.Close($"{who} kernel", folded, context.Floats(newWeights, kernel.Count), 3e-7, 1e-9);
        Compare.Close($"{who} bias", offsets, context.Floats(newOffset, fold.Channels), 1e-6, 1e-7);
    });

    [Fact]
    public void What_makes_no_sense_is_refused()
    {
        using var context = new NativeContext(Target.All[0], threads: 1);
        var good = new Fold(9, 4, 1, 0.001f, UseBias: true, UseScale: true, UseCenter: true, InPlace: false);
        Refused(good.Describe() with { channels = 0 }, "channels is 0");
        Refused(good.Describe() with { outer = -1 }, "outer is -1");
        Refused(good.Describe() with { inner = long.MaxValue }, "inner is");
        Refused(good.Describe() with { outer = 1L << 49 }, "kernel");
        Refused(good.Describe() with { epsilon = float.NaN }, "epsilon is");
        Refused(good.Describe() with { use_bias = 2 }, "use_bias is 2");
        Refused(good.Describe() with { use_scale = -1 }, "use_scale is -1");
        Refused(good.Describe() with { use_center = 3 }, "use_center is 3");
        Refused(good.Describe() with { reserved = 1 }, "reserved");

        void Refused(cn_normalization_fold_desc desc, string message)
        {
            var fault = Assert.Throws<CompiledException>(() => context.Op(Native.cn_normalization_fold_create, desc));
            Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        }
    }

    private sealed record Fold(int Outer, int Channels, int Inner, float Epsilon, bool UseBias, bool UseScale, bool UseCenter, bool InPlace)
    {
        public cn_normalization_fold_desc Describe() => new()
        {
            struct_size = ImageKernels.Size<cn_normalization_fold_desc>(),
            epsilon = Epsilon,
            outer = Outer,
            channels = Channels,
            inner = Inner,
            use_bias = UseBias ? 1 : 0,
            use_scale = UseScale ? 1 : 0,
            use_center = UseCenter ? 1 : 0,
        };
    }
}

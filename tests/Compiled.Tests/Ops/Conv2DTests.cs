using Compiled.Interop;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>The convolution stage with every epilogue, over drawn shapes, against the reference ops one after the other.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class Conv2DTests
{
    private static readonly Gen<Stage> Stages =
        from window in Draw.DilatedWindows
        from height in Gen.Int[1, 11]
        from width in Gen.Int[1, 11]
        from channels in Gen.OneOf(Gen.Int[1, 5], Gen.OneOf(8, 16, 17, 32))
        from filters in Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(16, 31, 33, 64))
        from batch in Gen.Int[1, 3]
        from useBias in Gen.Bool
        from activation in Draw.Endings
        from pool in Gen.OneOf(Gen.Const((Window2D?)null), Draw.Windows.Select(drawn => (Window2D?)drawn))
        from rate in Gen.OneOf(0.0, 0.25, 0.5)
        select new Stage(window, batch, height, width, channels, filters, useBias, activation, pool, rate);

    private static readonly Gen<Stage> ValidStages = Stages.Where(stage => stage.IsValid);

    [Fact]
    public void Integers_are_convolved_exactly() => ValidStages.Sample(
        stage =>
        {
            Stage plain = stage with { Activation = "linear", Pool = null, Rate = 0 };
            Tensor x = Draw.Integers(1, plain.InputShape), kernel = Draw.Integers(2, plain.KernelShape);
            Tensor? bias = plain.UseBias ? Draw.Integers(3, plain.Filters) : null;
            Tensor dy = Draw.Integers(4, plain.OutputShape);
            Tensor y = Convolution.Forward(x, kernel, bias, plain.Window);
            (Tensor dx, Tensor dkernel, Tensor dbias) = Convolution.Backward(x, kernel, dy, plain.Window);
            foreach (Target target in Target.Affording(stage.Products))
            {
                var result = Run(plain, target, 2, x, kernel, bias, dy);
                Compare.Same("y", y.ToFloats(), result.Y);
                Compare.Same("dx", dx.ToFloats(), result.Dx);
                Compare.Same("dkernel", dkernel.ToFloats(), result.Dkernel);
                if (bias is not null)
                    Compare.Same("dbias", dbias.ToFloats(), result.Dbias);
            }
        },
        150);

    [Fact]
    public void A_stage_is_the_composition_of_its_layers() => ValidStages.Sample(
        stage =>
        {
            Tensor x = Draw.Reals(1, stage.InputShape), kernel = Draw.Kernel(2, stage.Taps, stage.KernelShape), dy = Draw.Reals(4, stage.OutputShape);
            Tensor? bias = stage.UseBias ? Draw.Reals(3, stage.Filters) : null;
            Expected expected = stage.Compute(x, kernel, bias, dy);
            foreach (Target target in Target.Affording(stage.Products))
            {
                var one = Run(stage, target, 1, x, kernel, bias, dy);
                Compare.Sum($"{target} y", expected.Y.Values, one.Y, stage.Taps);
                Compare.Sum($"{target} dx", expected.Dx.Values, one.Dx, stage.Taps * stage.Filters);
                Compare.Sum($"{target} dkernel", expected.Dkernel.Values, one.Dkernel, dy.Count);
                if (bias is not null)
                    Compare.Sum($"{target} dbias", expected.Dbias.Values, one.Dbias, dy.Count);

                var three = Run(stage, target, 3, x, kernel, bias, dy);
                Compare.Same("y on three threads", one.Y, three.Y);
                Compare.Same("dx on three threads", one.Dx, three.Dx);
                Compare.Same("dkernel on three threads", one.Dkernel, three.Dkernel);
            }
        },
        250);

    private static (float[] Y, float[] Dx, float[] Dkernel, float[] Dbias) Run(
        Stage stage, Target target, int threads, Tensor x, Tensor kernel, Tensor? bias, Tensor dy)
    {
        using var context = new NativeContext(target, threads);
        context.SetState(stage.Batch, Stage.Seed, Stage.Update);
        cn_conv2d_desc desc = Kernels.Describe(x, kernel, stage.Window, bias is not null);
        desc.output_height = dy.Shape[1];
        desc.output_width = dy.Shape[2];
        desc.activation = (int)Kernels.Activation(stage.Activation);
        desc.activation_alpha = Kernels.Alpha(new ActivationRule(stage.Activation));
        desc.dropout_rate = (float)stage.Rate;
        desc.dropout_stream = Stage.Stream;
        if (stage.Pool is { } pool)
            desc.pool = Kernels.Describe(pool, (int)desc.conv_height, (int)desc.conv_width);
        return Kernels.Convolve(context, desc, x, kernel, bias, dy);
    }

    private sealed record Expected(Tensor Y, Tensor Dx, Tensor Dkernel, Tensor Dbias);

    private sealed record Stage(
        int Batch, int Height, int Width, int Channels, int Filters, bool UseBias, string Activation, Window2D? Pool, double Rate, Window2D Window)
    {
        public const ulong Seed = 99;
        public const ulong Update = 5;
        public const uint Stream = 3;

        public Stage(
            Window2D window, int batch, int height, int width, int channels, int filters, bool useBias, string activation, Window2D? pool, double rate)
            : this(batch, height, width, channels, filters, useBias, activation, pool, rate, window)
        {
        }

        public int[] InputShape => [Batch, Height, Width, Channels];

        public int[] KernelShape => [Window.Height, Window.Width, Channels, Filters];

        public int[] OutputShape => Pool is null
            ? [Batch, ConvHeight, ConvWidth, Filters]
            : [Batch, Pool.OutputHeight(ConvHeight), Pool.OutputWidth(ConvWidth), Filters];

        public int Taps => Window.Height * Window.Width * Channels;

        public long Products => (long)Batch * ConvHeight * ConvWidth * Filters * Taps;

        public bool IsValid => ConvHeight >= 1 && ConvWidth >= 1 && OutputShape.All(extent => extent >= 1);

        private int ConvHeight => Window.OutputHeight(Height);

        private int ConvWidth => Window.OutputWidth(Width);

        public Expected Compute(Tensor x, Tensor kernel, Tensor? bias, Tensor dy)
        {
            var rule = new ActivationRule(Activation);
            Tensor sum = Convolution.Forward(x, kernel, bias, Window), active = rule.Forward(sum);
            Tensor pooled = Pool is null ? active : MaxPooling.Forward(active, Pool);
            bool[] kept = Masks.Draw(pooled.Count, Rate, element => Philox.Word(Seed, Stream, Update, (ulong)element));
            Tensor y = Masks.Apply(pooled, kept, Rate);
            Tensor gradient = Masks.Apply(dy, kept, Rate);
            if (Pool is not null)
                gradient = MaxPooling.Backward(active, gradient, Pool);
            (Tensor dx, Tensor dkernel, Tensor dbias) = Convolution.Backward(x, kernel, rule.Backward(sum, gradient), Window);
            return new Expected(y, dx, dkernel, dbias);
        }
    }
}

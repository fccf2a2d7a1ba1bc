using Compiled.Interop;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>The transposed convolution stage over drawn shapes, against the reference.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class Conv2DTransposeTests
{
    private static readonly Gen<Stage> Stages =
        from window in Draw.DilatedWindows
        from height in Gen.Int[1, 6]
        from width in Gen.Int[1, 6]
        from channels in Gen.OneOf(Gen.Int[1, 5], Gen.OneOf(8, 16, 17, 32))
        from filters in Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(16, 31, 33))
        from batch in Gen.Int[1, 3]
        from accumulates in Gen.Bool
        from useBias in Gen.Bool
        from activation in Gen.OneOf("linear", "relu", "sigmoid", "tanh")
        select new Stage(window, [batch, height, width, channels], filters, accumulates, useBias, activation);

    [Fact]
    public void Whole_numbers_are_convolved_exactly() => Stages.OnEachTarget((context, who, drawn) =>
    {
        Stage stage = drawn with { Activation = "linear" };
        Tensor x = Draw.Integers(1, stage.Input), kernel = Draw.Integers(2, stage.Kernel), dy = Draw.Integers(4, stage.Output);
        Tensor? bias = stage.UseBias ? Draw.Integers(3, stage.Filters) : null, before = stage.Accumulates ? Draw.Integers(5, stage.Input) : null;
        Expected expected = stage.Compute(x, kernel, bias, dy, before);
        var actual = Run(context, stage, x, kernel, bias, dy, before);
        Compare.Same($"{who} y", expected.Y.ToFloats(), actual.Y);
        Compare.Same($"{who} dx", expected.Dx.ToFloats(), actual.Dx);
        Compare.Same($"{who} dkernel", expected.Dkernel.ToFloats(), actual.Dkernel);
        if (bias is not null)
            Compare.Same($"{who} dbias", expected.Dbias.ToFloats(), actual.Dbias);
    });

    [Fact]
    public void A_stage_is_the_composition_of_its_layers() => Stages.OnEachTarget((context, who, stage) =>
    {
        int terms = stage.Window.Height * stage.Window.Width * stage.Input[3];
        Tensor x = Draw.Reals(1, stage.Input), kernel = Draw.Kernel(2, terms, stage.Kernel), dy = Draw.Reals(4, stage.Output);
        Tensor? bias = stage.UseBias ? Draw.Reals(3, stage.Filters) : null, before = stage.Accumulates ? Draw.Reals(5, stage.Input) : null;
        Expected expected = stage.Compute(x, kernel, bias, dy, before);
        var actual = Run(context, stage, x, kernel, bias, dy, before);
        Compare.Sum($"{who} y", expected.Y.Values, actual.Y, terms);
        Compare.Sum($"{who} dx", expected.Dx.Values, actual.Dx, stage.Window.Height * stage.Window.Width * stage.Filters);
        Compare.Sum($"{who} dkernel", expected.Dkernel.Values, actual.Dkernel, dy.Count);
        if (bias is not null)
            Compare.Sum($"{who} dbias", expected.Dbias.Values, actual.Dbias, dy.Count);
    });

    private static (float[] Y, float[] Dx, float[] Dkernel, float[] Dbias) Run(
        NativeContext context, Stage stage, Tensor x, Tensor kernel, Tensor? bias, Tensor dy, Tensor? before)
    {
        context.SetState(x.Shape[0]);
        var desc = new cn_conv2d_transpose_desc
        {
            batch = x.Shape[0],
            input_height = x.Shape[1],
            input_width = x.Shape[2],
            input_channels = x.Shape[3],
            filters = stage.Filters,
            output_height = dy.Shape[1],
            output_width = dy.Shape[2],
            window = Kernels.Describe(stage.Window, dy.Shape[1], dy.Shape[2]),
            activation = (int)Kernels.Activation(stage.Activation),
            use_bias = bias is null ? 0 : 1,
            input_gradient = (int)(before is null ? cn_gradient_mode.CN_GRADIENT_OVERWRITE : cn_gradient_mode.CN_GRADIENT_ACCUMULATE),
        };
        return Kernels.ConvolveTransposed(context, desc, x, kernel, bias, dy, before);
    }

    private sealed record Expected(Tensor Y, Tensor Dx, Tensor Dkernel, Tensor Dbias);

    private sealed record Stage(Window2D Window, int[] Input, int Filters, bool Accumulates, bool UseBias, string Activation)
    {
        public int[] Kernel => [Window.Height, Window.Width, Filters, Input[3]];

        public int[] Output
        {
            get
            {
                (int height, int width) = TransposedConvolution.Extents(Input, Window);
                return [Input[0], height, width, Filters];
            }
        }

        public Expected Compute(Tensor x, Tensor kernel, Tensor? bias, Tensor dy, Tensor? before)
        {
            Tensor y = Activations.Forward(Activation, TransposedConvolution.Forward(x, kernel, bias, Window));
            (Tensor dx, Tensor dkernel, Tensor dbias) = TransposedConvolution.Backward(x, kernel, Activations.Backward(Activation, y, dy), Window);
            for (int i = 0; before is not null && i < dx.Count; i++)
                dx.Values[i] += before.Values[i];
            return new Expected(y, dx, dkernel, dbias);
        }

        public override string ToString() =>
            $"x {string.Join('×', Input)}, kernel {string.Join('×', Kernel)}, {Window}, {Activation}" +
            $"{(UseBias ? ", bias" : "")}{(Accumulates ? ", accumulates" : "")}";
    }
}

using Compiled.Interop;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Convolutions by groups and depthwise ones with every epilogue, over drawn shapes, against the reference.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class GroupedConvolutionTests
{
    private static readonly Gen<(int Groups, int Channels, int Filters)> Divisions = Gen.Frequency(
        (1, Gen.Select(Gen.Int[2, 5], Gen.Int[1, 6], Gen.Int[1, 9])),
        (1, Gen.Select(Gen.OneOf(Gen.Int[2, 9], Gen.OneOf(16, 17, 32, 33)), Gen.Const(1), Gen.Int[1, 3])));

    private static readonly Gen<Stage> Stages = (
        from window in Draw.DilatedWindows
        from height in Gen.Int[1, 8]
        from width in Gen.Int[1, 8]
        from division in Divisions
        from batch in Gen.Int[1, 3]
        from accumulates in Gen.Bool
        from useBias in Gen.Bool
        from activation in Gen.OneOf("linear", "relu", "tanh")
        from pool in Gen.Frequency((2, Gen.Const((Window2D?)null)), (1, Draw.Windows.Select(drawn => (Window2D?)drawn)))
        select new Stage(window, [batch, height, width, division.Groups * division.Channels], division, accumulates, useBias, activation, pool))
        .Where(stage => stage.IsValid);

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
        Tensor x = Draw.Reals(1, stage.Input), kernel = Draw.Kernel(2, stage.Taps, stage.Kernel), dy = Draw.Reals(4, stage.Output);
        Tensor? bias = stage.UseBias ? Draw.Reals(3, stage.Filters) : null, before = stage.Accumulates ? Draw.Reals(5, stage.Input) : null;
        Expected expected = stage.Compute(x, kernel, bias, dy, before);
        var actual = Run(context, stage, x, kernel, bias, dy, before);
        Compare.Sum($"{who} y", expected.Y.Values, actual.Y, stage.Taps);
        Compare.Sum($"{who} dx", expected.Dx.Values, actual.Dx, stage.Taps * stage.Filters);
        Compare.Sum($"{who} dkernel", expected.Dkernel.Values, actual.Dkernel, dy.Count);
        if (bias is not null)
            Compare.Sum($"{who} dbias", expected.Dbias.Values, actual.Dbias, dy.Count);
    });

    private static (float[] Y, float[] Dx, float[] Dkernel, float[] Dbias) Run(
        NativeContext context, Stage stage, Tensor x, Tensor kernel, Tensor? bias, Tensor dy, Tensor? before)
    {
        context.SetState(x.Shape[0]);
        cn_conv2d_desc desc = Kernels.Describe(x, kernel, stage.Window, bias is not null);
        desc.groups = stage.Division.Groups;
        desc.output_height = dy.Shape[1];
        desc.output_width = dy.Shape[2];
        desc.activation = (int)Kernels.Activation(stage.Activation);
        if (stage.Pool is { } pool)
            desc.pool = Kernels.Describe(pool, (int)desc.conv_height, (int)desc.conv_width);
        if (before is not null)
            desc.input_gradient = (int)cn_gradient_mode.CN_GRADIENT_ACCUMULATE;
        return Kernels.Convolve(context, desc, x, kernel, bias, dy, before);
    }

    private sealed record Expected(Tensor Y, Tensor Dx, Tensor Dkernel, Tensor Dbias);

    private sealed record Stage(
        Window2D Window, int[] Input, (int Groups, int Channels, int Filters) Division, bool Accumulates, bool UseBias, string Activation,
        Window2D? Pool)
    {
        public int Filters => Division.Groups * Division.Filters;

        public int[] Kernel => [Window.Height, Window.Width, Division.Channels, Filters];

        public int[] Output => Pool is null
            ? [Input[0], ConvHeight, ConvWidth, Filters]
            : [Input[0], Pool.OutputHeight(ConvHeight), Pool.OutputWidth(ConvWidth), Filters];

        public int Taps => Window.Height * Window.Width * Division.Channels;

        public bool IsValid => ConvHeight >= 1 && ConvWidth >= 1 && Output.All(extent => extent >= 1);

        private int ConvHeight => Window.OutputHeight(Input[1]);

        private int ConvWidth => Window.OutputWidth(Input[2]);

        public Expected Compute(Tensor x, Tensor kernel, Tensor? bias, Tensor dy, Tensor? before)
        {
            Tensor active = Activations.Forward(Activation, Convolution.Forward(x, kernel, bias, Window));
            Tensor gradient = Pool is null ? dy : MaxPooling.Backward(active, dy, Pool);
            (Tensor dx, Tensor dkernel, Tensor dbias) = Convolution.Backward(x, kernel, Activations.Backward(Activation, active, gradient), Window);
            for (int i = 0; before is not null && i < dx.Count; i++)
                dx.Values[i] += before.Values[i];
            return new Expected(Pool is null ? active : MaxPooling.Forward(active, Pool), dx, dkernel, dbias);
        }

        public override string ToString() =>
            $"x {string.Join('×', Input)}, kernel {string.Join('×', Kernel)}, {Division.Groups} groups, {Window}, pool {Pool}, {Activation}" +
            $"{(UseBias ? ", bias" : "")}{(Accumulates ? ", accumulates" : "")}";
    }
}

using Compiled.Interop;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>
/// Convolutions with what is padded or cut off before them as an offset of their windows, over drawn shapes, against the reference, which
/// pads and crops first.
/// </summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class FramedConvolutionTests
{
    /// <summary>More than a window reaches over, at times.</summary>
    private static readonly Gen<int> Added = Gen.Frequency((3, Gen.Int[0, 3]), (1, Gen.Int[4, 9]), (3, Gen.Int[-3, -1]));

    private static readonly Gen<(int Groups, int Channels, int Filters)> Divisions = Gen.Frequency(
        (2, Gen.Select(Gen.Const(1), Gen.OneOf(1, 2, 3, 4, 5, 8, 16, 17), Gen.OneOf(1, 2, 7, 8, 16, 33))),
        (1, Gen.Select(Gen.Int[2, 4], Gen.Int[2, 4], Gen.Int[1, 5])),
        (1, Gen.Select(Gen.OneOf(2, 5, 8, 16, 17), Gen.Const(1), Gen.Int[1, 3])));

    private static readonly Gen<Stage> Stages = (
        from window in Draw.DilatedWindows
        from height in Gen.Int[1, 9]
        from width in Gen.Int[1, 9]
        from rows in Gen.Select(Added, Added)
        from columns in Gen.Select(Added, Added)
        from division in Divisions
        from batch in Gen.Int[1, 2]
        from accumulates in Gen.Bool
        from activation in Gen.OneOf("linear", "relu", "tanh")
        from pool in Gen.Frequency((2, Gen.Const((Window2D?)null)), (1, Draw.Windows.Select(drawn => (Window2D?)drawn)))
        select new Stage(
            window, [batch, height, width, division.Groups * division.Channels], rows.Item1, rows.Item2, columns.Item1, columns.Item2, division,
            accumulates, activation, pool))
        .Where(stage => stage.IsValid);

    [Fact]
    public void Whole_numbers_are_convolved_exactly() => Stages.OnEachTarget((context, who, drawn) =>
    {
        Stage stage = drawn with { Activation = "linear" };
        Tensor x = Draw.Integers(1, stage.Input), kernel = Draw.Integers(2, stage.Kernel), dy = Draw.Integers(4, stage.Output);
        Tensor? before = stage.Accumulates ? Draw.Integers(5, stage.Input) : null;
        Expected expected = stage.Compute(x, kernel, dy, before);
        var actual = Run(context, stage, x, kernel, dy, before);
        Compare.Same($"{who} y", expected.Y.ToFloats(), actual.Y);
        Compare.Same($"{who} dx", expected.Dx.ToFloats(), actual.Dx);
        Compare.Same($"{who} dkernel", expected.Dkernel.ToFloats(), actual.Dkernel);
    });

    [Fact]
    public void A_stage_is_the_composition_of_its_layers() => Stages.OnEachTarget((context, who, stage) =>
    {
        Tensor x = Draw.Reals(1, stage.Input), kernel = Draw.Kernel(2, stage.Taps, stage.Kernel), dy = Draw.Reals(4, stage.Output);
        Tensor? before = stage.Accumulates ? Draw.Reals(5, stage.Input) : null;
        Expected expected = stage.Compute(x, kernel, dy, before);
        var actual = Run(context, stage, x, kernel, dy, before);
        Compare.Sum($"{who} y", expected.Y.Values, actual.Y, stage.Taps);
        Compare.Sum($"{who} dx", expected.Dx.Values, actual.Dx, stage.Taps * stage.Filters);
        Compare.Sum($"{who} dkernel", expected.Dkernel.Values, actual.Dkernel, dy.Count);
    });

    private static (float[] Y, float[] Dx, float[] Dkernel, float[] Dbias) Run(
        NativeContext context, Stage stage, Tensor x, Tensor kernel, Tensor dy, Tensor? before)
    {
        context.SetState(x.Shape[0]);
        cn_conv2d_desc desc = Kernels.Describe(stage.Frame(x), kernel, stage.Window, useBias: false);
        desc.input_height = x.Shape[1];
        desc.input_width = x.Shape[2];
        desc.window.pad_top += stage.Top;
        desc.window.pad_left += stage.Left;
        desc.groups = stage.Division.Groups;
        desc.output_height = dy.Shape[1];
        desc.output_width = dy.Shape[2];
        desc.activation = (int)Kernels.Activation(stage.Activation);
        if (stage.Pool is { } pool)
            desc.pool = Kernels.Describe(pool, (int)desc.conv_height, (int)desc.conv_width);
        if (before is not null)
            desc.input_gradient = (int)cn_gradient_mode.CN_GRADIENT_ACCUMULATE;
        return Kernels.Convolve(context, desc, x, kernel, bias: null, dy, before);
    }

    private sealed record Expected(Tensor Y, Tensor Dx, Tensor Dkernel);

    /// <summary>What is added at the four sides; below 0, so much is cut off.</summary>
    private sealed record Stage(
        Window2D Window, int[] Input, int Top, int Bottom, int Left, int Right, (int Groups, int Channels, int Filters) Division, bool Accumulates,
        string Activation, Window2D? Pool)
    {
        public int Filters => Division.Groups * Division.Filters;

        public int[] Kernel => [Window.Height, Window.Width, Division.Channels, Filters];

        public int[] Output => Pool is null
            ? [Input[0], ConvHeight, ConvWidth, Filters]
            : [Input[0], Pool.OutputHeight(ConvHeight), Pool.OutputWidth(ConvWidth), Filters];

        public int Taps => Window.Height * Window.Width * Division.Channels;

        /// <summary>A padded window does not see what was cut off.</summary>
        public bool IsValid => Crops.Top + Crops.Bottom < Input[1] && Crops.Left + Crops.Right < Input[2] && Height >= 1 && Width >= 1
            && ConvHeight >= 1 && ConvWidth >= 1 && Output.All(extent => extent >= 1)
            && Sees(Top, Window.PadTop(Height)) && Sees(Left, Window.PadLeft(Width))
            && Sees(Bottom, Beyond(Height, ConvHeight, Window.Height, Window.StrideHeight, Window.DilationHeight, Window.PadTop(Height)))
            && Sees(Right, Beyond(Width, ConvWidth, Window.Width, Window.StrideWidth, Window.DilationWidth, Window.PadLeft(Width)));

        private Margins Pads => new(Math.Max(Top, 0), Math.Max(Bottom, 0), Math.Max(Left, 0), Math.Max(Right, 0));

        private Margins Crops => new(Math.Max(-Top, 0), Math.Max(-Bottom, 0), Math.Max(-Left, 0), Math.Max(-Right, 0));

        private int Height => Input[1] + Top + Bottom;

        private int Width => Input[2] + Left + Right;

        private int ConvHeight => Window.OutputHeight(Height);

        private int ConvWidth => Window.OutputWidth(Width);

        public Tensor Frame(Tensor x) => Pads.Pad(Crops.Crop(x));

        public Expected Compute(Tensor x, Tensor kernel, Tensor dy, Tensor? before)
        {
            Tensor framed = Frame(x), active = Activations.Forward(Activation, Convolution.Forward(framed, kernel, null, Window));
            Tensor gradient = Pool is null ? dy : MaxPooling.Backward(active, dy, Pool);
            (Tensor dframed, Tensor dkernel, _) = Convolution.Backward(framed, kernel, Activations.Backward(Activation, active, gradient), Window);
            Tensor dx = Crops.CropBackward(Pads.PadBackward(dframed));
            for (int i = 0; before is not null && i < dx.Count; i++)
                dx.Values[i] += before.Values[i];
            return new Expected(Pool is null ? active : MaxPooling.Forward(active, Pool), dx, dkernel);
        }

        public override string ToString() =>
            $"x {string.Join('×', Input)}, margins {Top} {Bottom} {Left} {Right}, kernel {string.Join('×', Kernel)}, {Division.Groups} groups, " +
            $"{Window}, pool {Pool}, {Activation}{(Accumulates ? ", accumulates" : "")}";

        private static bool Sees(int added, int beyond) => added >= 0 || beyond <= 0;

        private static int Beyond(int input, int outputs, int extent, int stride, int dilation, int pad) =>
            ((outputs - 1) * stride) + ((extent - 1) * dilation) + 1 - pad - input;
    }
}

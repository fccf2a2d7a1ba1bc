using Compiled.Interop;
using Compiled.Reference;
using CsCheck;
using Part = Compiled.Tests.JoinedConvolutionKernels.Part;

namespace Compiled.Tests;

/// <summary>
/// Convolutions that read several inputs side by side, each enlarged, over drawn shapes, against the reference, which enlarges and joins first.
/// </summary>
public sealed class JoinedConvolutionTests
{
    private static readonly Gen<Part> Parts = Gen.Select(
        Gen.OneOf(1, 2, 3, 4, 8, 12), Gen.OneOf(1, 1, 2, 3), Gen.OneOf(1, 1, 2, 4), Gen.Bool, Gen.Int[0, 2],
        (channels, height, width, isBilinear, mode) => new Part(channels, height, width, isBilinear, (cn_gradient_mode)mode));

    private static readonly Gen<Stage> Stages = (
        from window in Draw.Windows
        from parts in Parts.Array[1, 4]
        from rows in Gen.Int[1, 2]
        from columns in Gen.Int[1, 2]
        from batch in Gen.Int[1, 2]
        from filters in Gen.OneOf(1, 2, 7, 8, 16)
        from activation in Gen.OneOf("linear", "relu", "tanh")
        from pool in Gen.Frequency((2, Gen.Const((Window2D?)null)), (1, Draw.Windows.Select(drawn => (Window2D?)drawn)))
        select new Stage(
            window, parts, batch, rows * Multiple(parts.Select(part => part.Height)), columns * Multiple(parts.Select(part => part.Width)), filters,
            activation, pool)).Where(stage => stage.IsValid);

    [Fact]
    public void Whole_numbers_are_convolved_exactly() => Stages.OnEachTarget((context, who, drawn) =>
    {
        // Between pixels, thirds are rounded.
        Stage stage = drawn with
        {
            Activation = "linear",
            Parts = [.. drawn.Parts.Select(part => part.Height == 3 ? part with { IsBilinear = false } : part)],
        };
        var expected = stage.Compute(Draw.Integers, Draw.Integers(2, stage.Kernel));
        var actual = stage.Run(context, Draw.Integers, Draw.Integers(2, stage.Kernel));
        Compare.Same($"{who} y", expected.Y.ToFloats(), actual.Y);
        for (int i = 0; i < stage.Parts.Length; i++)
            Compare.Same($"{who} dx {i}", Compare.PlainZeros(expected.Dx[i].ToFloats()), Compare.PlainZeros(actual.Dx[i]));
        Compare.Same($"{who} dkernel", expected.Dkernel.ToFloats(), actual.Dkernel);
    });

    [Fact]
    public void A_stage_is_the_composition_of_its_layers() => Stages.OnEachTarget((context, who, stage) =>
    {
        Tensor kernel = Draw.Kernel(2, stage.Taps, stage.Kernel);
        var expected = stage.Compute(Draw.Reals, kernel);
        var actual = stage.Run(context, Draw.Reals, kernel);
        Compare.Sum($"{who} y", expected.Y.Values, actual.Y, stage.Taps);
        for (int i = 0; i < stage.Parts.Length; i++)
            Compare.Sum($"{who} dx {i}", expected.Dx[i].Values, actual.Dx[i], stage.Taps * stage.Filters * stage.Parts[i].Height * stage.Parts[i].Width);
        Compare.Sum($"{who} dkernel", expected.Dkernel.Values, actual.Dkernel, expected.Y.Count);
    });

    /// <summary>The least one that all of these divide.</summary>
    private static int Multiple(IEnumerable<int> factors)
    {
        int multiple = 1;
        while (factors.Any(factor => multiple % factor != 0))
            multiple++;
        return multiple;
    }

    private delegate Tensor Filler(int seed, params IReadOnlyList<int> shape);

    private sealed record Stage(
        Window2D Window, Part[] Parts, int Batch, int Height, int Width, int Filters, string Activation, Window2D? Pool)
    {
        public int[] Kernel => [Window.Height, Window.Width, Parts.Sum(part => part.Channels), Filters];

        public int Taps => Window.Height * Window.Width * Kernel[2];

        public bool IsValid => Window.OutputHeight(Height) >= 1 && Window.OutputWidth(Width) >= 1 && Output.All(extent => extent >= 1);

        private int[] Output => Pool is null
            ? [Batch, Window.OutputHeight(Height), Window.OutputWidth(Width), Filters]
            : [Batch, Pool.OutputHeight(Window.OutputHeight(Height)), Pool.OutputWidth(Window.OutputWidth(Width)), Filters];

        public (Tensor Y, Tensor[] Dx, Tensor Dkernel) Compute(Filler draw, Tensor kernel)
        {
            Tensor[] inputs = Inputs(draw);
            Tensor[] enlarged = [.. inputs.Select((input, i) => Parts[i].UpSampling.Forward(input))];
            Tensor joined = Joins.Concatenate(-1, enlarged), dy = draw(4, Output);
            Tensor active = Activations.Forward(Activation, Convolution.Forward(joined, kernel, null, Window));
            Tensor gradient = Pool is null ? dy : MaxPooling.Backward(active, dy, Pool);
            (Tensor djoined, Tensor dkernel, _) = Convolution.Backward(joined, kernel, Activations.Backward(Activation, active, gradient), Window);
            IReadOnlyList<Tensor> parts = Joins.ConcatenateBackward(-1, djoined, [.. enlarged.Select(part => part.Shape)]);
            Tensor[] dx = [.. inputs.Select((input, i) => Parts[i].Mode switch
            {
                cn_gradient_mode.CN_GRADIENT_NONE => Before(draw, i, input),
                cn_gradient_mode.CN_GRADIENT_OVERWRITE => Parts[i].UpSampling.Backward(input, parts[i]),
                _ => Before(draw, i, input).Zip(Parts[i].UpSampling.Backward(input, parts[i]), (a, b) => a + b),
            })];
            return (Pool is null ? active : MaxPooling.Forward(active, Pool), dx, dkernel);
        }

        public (float[] Y, float[][] Dx, float[] Dkernel) Run(NativeContext context, Filler draw, Tensor kernel)
        {
            Tensor[] inputs = Inputs(draw);
            cn_conv2d_desc conv = Kernels.Describe(new Tensor([Batch, Height, Width, Kernel[2]]), kernel, Window, useBias: false);
            conv.activation = (int)Kernels.Activation(Activation);
            (conv.output_height, conv.output_width) = (Output[1], Output[2]);
            if (Pool is not null)
                conv.pool = Kernels.Describe(Pool, (int)conv.conv_height, (int)conv.conv_width);
            return JoinedConvolutionKernels.Run(
                context, Parts, conv, inputs, kernel, draw(4, Output), [.. inputs.Select((input, i) => Before(draw, i, input))]);
        }

        public override string ToString() =>
            $"{Batch}×{Height}×{Width} of {string.Join(" + ", Parts.Select(part => $"{part.Channels} ({part.Height}×{part.Width}{(part.IsBilinear ? " bilinear" : "")}, {part.Mode})"))}, " +
            $"{Filters} filters, {Window}, pool {Pool}, {Activation}";

        private Tensor[] Inputs(Filler draw) =>
            [.. Parts.Select((part, i) => draw(10 + i, Batch, Height / part.Height, Width / part.Width, part.Channels))];

        private static Tensor Before(Filler draw, int part, Tensor input) => draw(20 + part, input.Shape);
    }
}

using Compiled.Interop;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>The dense stage with every epilogue, over drawn shapes, against the reference ops one after the other.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class DenseTests
{
    private const ulong Seed = 99;
    private const ulong Update = 5;
    private const uint Stream = 3;

    private static readonly Gen<(int Batch, int Positions, int Inputs, int Units)> Shapes =
        from batch in Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(32, 100))
        from positions in Gen.Int[1, 3]
        from inputs in Gen.OneOf(Gen.Int[1, 70], Gen.OneOf(128, 1100))
        from units in Gen.OneOf(Gen.Int[1, 70], Gen.OneOf(128, 130))
        select (batch, positions, inputs, units);

    private static readonly Gen<(bool UseBias, string Activation, double Rate)> Epilogues =
        from useBias in Gen.Bool
        from activation in Draw.Endings
        from rate in Gen.OneOf(0.0, 0.25, 0.5)
        select (useBias, activation, rate);

    private static readonly Gen<(int Batch, int Positions, int Inputs, int Units)> SmallShapes =
        Gen.Select(Gen.Int[1, 9], Gen.Int[1, 3], Gen.Int[1, 40], Gen.Int[1, 40]);

    // What is kept of a half or a quarter is scaled by 2 or 4.
    private static readonly Gen<(bool UseBias, string Activation, double Rate)> ExactEpilogues =
        Gen.Select(Gen.Bool, Gen.OneOf("linear", "relu"), Gen.OneOf(0, 0.5, 0.75));

    [Fact]
    public void Integers_stay_exact_through_the_epilogue() => Gen.Select(SmallShapes, ExactEpilogues).OnEachTarget((context, who, drawn) =>
    {
        ((int batch, int positions, int inputs, int units), (bool useBias, string activation, double rate)) = drawn;
        Tensor x = Draw.Integers(1, batch, positions, inputs), kernel = Draw.Integers(2, inputs, units);
        Tensor? bias = useBias ? Draw.Integers(3, units) : null;
        Tensor dy = Draw.Integers(4, batch, positions, units);
        var expected = Reference(x, kernel, bias, dy, activation, rate);
        var result = Run(context, x, kernel, bias, dy, activation, rate);
        Expect("y", expected.Y, result.Y);
        Expect("dx", expected.Dx, result.Dx);
        Expect("dkernel", expected.Dkernel, result.Dkernel);
        if (useBias)
            Expect("dbias", expected.Dbias, result.Dbias);

        void Expect(string what, Tensor values, float[] found) =>
            Compare.Same($"{who} {what}", Compare.PlainZeros(values.ToFloats()), Compare.PlainZeros(found));
    });

    [Fact]
    public void Integers_are_multiplied_exactly() => Shapes.Sample(
        shape =>
        {
            Tensor x = Draw.Integers(1, shape.Batch, shape.Positions, shape.Inputs), kernel = Draw.Integers(2, shape.Inputs, shape.Units);
            Tensor bias = Draw.Integers(3, shape.Units), dy = Draw.Integers(4, shape.Batch, shape.Positions, shape.Units);
            (Tensor dx, Tensor dkernel, Tensor dbias) = FullyConnected.Backward(x, kernel, dy);
            foreach (Target target in Target.Affording((long)dy.Count * shape.Inputs))
            {
                var result = Run(target, 2, x, kernel, bias, dy, "linear", 0);
                Compare.Same("y", FullyConnected.Forward(x, kernel, bias).ToFloats(), result.Y);
                Compare.Same("dx", dx.ToFloats(), result.Dx);
                Compare.Same("dkernel", dkernel.ToFloats(), result.Dkernel);
                Compare.Same("dbias", dbias.ToFloats(), result.Dbias);
            }
        },
        40);

    [Fact]
    public void A_stage_is_the_composition_of_its_layers() => Gen.Select(Shapes, Epilogues).Sample(
        drawn =>
        {
            ((int batch, int positions, int inputs, int units), (bool useBias, string activation, double rate)) = drawn;
            Tensor x = Draw.Reals(1, batch, positions, inputs), kernel = Draw.Kernel(2, inputs, inputs, units), dy = Draw.Reals(4, batch, positions, units);
            Tensor? bias = useBias ? Draw.Reals(3, units) : null;
            (Tensor y, Tensor dx, Tensor dkernel, Tensor dbias) = Reference(x, kernel, bias, dy, activation, rate);
            foreach (Target target in Target.Affording((long)dy.Count * inputs))
            {
                var one = Run(target, 1, x, kernel, bias, dy, activation, rate);
                Compare.Sum($"{target} y", y.Values, one.Y, inputs);
                Compare.Sum($"{target} dx", dx.Values, one.Dx, units);
                Compare.Sum($"{target} dkernel", dkernel.Values, one.Dkernel, batch * positions);
                if (bias is not null)
                    Compare.Sum($"{target} dbias", dbias.Values, one.Dbias, batch * positions);

                var three = Run(target, 3, x, kernel, bias, dy, activation, rate);
                Compare.Same("y on three threads", one.Y, three.Y);
                Compare.Same("dx on three threads", one.Dx, three.Dx);
                Compare.Same("dkernel on three threads", one.Dkernel, three.Dkernel);
            }
        },
        40);

    private static (Tensor Y, Tensor Dx, Tensor Dkernel, Tensor Dbias) Reference(
        Tensor x, Tensor kernel, Tensor? bias, Tensor dy, string activation, double rate)
    {
        var rule = new ActivationRule(activation);
        Tensor sum = FullyConnected.Forward(x, kernel, bias), active = rule.Forward(sum);
        bool[] kept = Masks.Draw(active.Count, rate, element => Philox.Word(Seed, Stream, Update, (ulong)element));
        (Tensor dx, Tensor dkernel, Tensor dbias) = FullyConnected.Backward(x, kernel, rule.Backward(sum, Masks.Apply(dy, kept, rate)));
        return (Masks.Apply(active, kept, rate), dx, dkernel, dbias);
    }

    private static (float[] Y, float[] Dx, float[] Dkernel, float[] Dbias) Run(
        Target target, int threads, Tensor x, Tensor kernel, Tensor? bias, Tensor dy, string activation, double rate)
    {
        using var context = new NativeContext(target, threads);
        return Run(context, x, kernel, bias, dy, activation, rate);
    }

    private static (float[] Y, float[] Dx, float[] Dkernel, float[] Dbias) Run(
        NativeContext context, Tensor x, Tensor kernel, Tensor? bias, Tensor dy, string activation, double rate)
    {
        context.SetState(x.Shape[0], Seed, Update);
        cn_dense_desc desc = Kernels.Describe(x, kernel, bias is not null);
        desc.activation = (int)Kernels.Activation(activation);
        desc.activation_alpha = Kernels.Alpha(new ActivationRule(activation));
        desc.dropout_rate = (float)rate;
        desc.dropout_stream = Stream;
        return Kernels.Dense(context, desc, x, kernel, bias, dy);
    }
}

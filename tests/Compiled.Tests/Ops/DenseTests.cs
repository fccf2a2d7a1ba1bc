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
            var rule = new ActivationRule(activation);
            Tensor sum = FullyConnected.Forward(x, kernel, bias), active = rule.Forward(sum);
            bool[] kept = Masks.Draw(active.Count, rate, element => Philox.Word(Seed, Stream, Update, (ulong)element));
            Tensor gradient = rule.Backward(sum, Masks.Apply(dy, kept, rate));
            (Tensor dx, Tensor dkernel, Tensor dbias) = FullyConnected.Backward(x, kernel, gradient);
            foreach (Target target in Target.Affording((long)dy.Count * inputs))
            {
                var one = Run(target, 1, x, kernel, bias, dy, activation, rate);
                Compare.Sum($"{target} y", Masks.Apply(active, kept, rate).Values, one.Y, inputs);
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

    private static (float[] Y, float[] Dx, float[] Dkernel, float[] Dbias) Run(
        Target target, int threads, Tensor x, Tensor kernel, Tensor? bias, Tensor dy, string activation, double rate)
    {
        using var context = new NativeContext(target, threads);
        context.SetState(x.Shape[0], Seed, Update);
        cn_dense_desc desc = Kernels.Describe(x, kernel, bias is not null);
        desc.activation = (int)Kernels.Activation(activation);
        desc.activation_alpha = Kernels.Alpha(new ActivationRule(activation));
        desc.dropout_rate = (float)rate;
        desc.dropout_stream = Stream;
        return Kernels.Dense(context, desc, x, kernel, bias, dy);
    }
}

using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Gradients through graphs with branches.</summary>
public sealed class TapeGradientTests
{
    [Fact]
    public void Branches_add_their_gradients()
    {
        Tensor x = Draw.Reals(1, 2, 4, 4, 2), kernel = Draw.Reals(2, 3, 3, 2, 3), bias = Draw.Reals(3, 3);
        Tensor gamma = Draw.Reals(4, 3), beta = Draw.Reals(5, 3), dense = Draw.Reals(6, 12, 4);
        var same = new Window2D(3, 3, 1, 1, Same: true);
        var half = new Window2D(2, 2, 2, 2, Same: false);
        Dictionary<Tensor, Node> nodes = [];
        (Tape Tape, Node Result) Run()
        {
            var tape = new Tape();
            foreach (Tensor input in (Tensor[])[x, kernel, bias, gamma, beta, dense])
                nodes[input] = Tape.Input(input);
            Node a = tape.Convolve(nodes[x], nodes[kernel], nodes[bias], same);
            Node b = tape.Activate(tape.Normalize(a, nodes[gamma], nodes[beta], 1e-3, out _, out _), new ActivationRule("swish"));
            Node low = tape.Concatenate(-1, tape.AveragePool(a, half), tape.Pool(b, half));
            Node high = tape.Concatenate(-1, tape.Enlarge(low, new UpSampling(2, 2, Bilinear: true)), tape.Add(a, b, b));
            Node edges = tape.Crop(tape.Pad(high, new Margins(1, 0, 2, 1)), new Margins(0, 2, 1, 0));
            Node flat = tape.Reshape(tape.Concatenate(1, tape.GlobalAveragePool(edges), tape.GlobalAveragePool(tape.Add(a, b))), -1);
            return (tape, tape.Dense(flat, nodes[dense], null));
        }

        Tensor dy = Draw.Reals(9, 2, 4);
        (Tape tape, Node result) = Run();
        tape.Backward(result, dy);
        Dictionary<Tensor, Tensor> gradients = nodes.ToDictionary(pair => pair.Key, pair => pair.Value.Gradient);
        foreach ((Tensor input, Tensor gradient) in gradients)
            FiniteDifference.ExpectOp(() => Run().Result.Value, dy, input, gradient);
    }

    [Fact]
    public void Ops_carry_their_gradients()
    {
        Tensor x = Draw.Reals(1, 2, 4, 3, 2), depthwise = Draw.Reals(2, 2, 2, 2, 2);
        Tensor pointwise = Draw.Reals(3, 1, 1, 4, 2), bias = Draw.Reals(4, 2);
        Tensor transposed = Draw.Reals(5, 2, 2, 3, 2), shift = Draw.Reals(6, 3), scale = Draw.Reals(7, 3);
        Tensor mean = Draw.Reals(8, 3), variance = Draw.Reals(9, 3).Map(value => value + 1.5);
        var same = new Window2D(2, 2, 1, 1, Same: true);
        static uint Word(int element) => Philox.Word(7, 3, 5, (ulong)element);
        Dictionary<Tensor, Node> nodes = [];
        (Tape Tape, Node Result) Run()
        {
            var tape = new Tape();
            foreach (Tensor input in (Tensor[])[x, depthwise, pointwise, bias, transposed, shift, scale])
                nodes[input] = Tape.Input(input);
            Node a = tape.ConvolveSeparably(nodes[x], nodes[depthwise], nodes[pointwise], nodes[bias], same);
            Node b = tape.ConvolveByDepth(tape.AddNoise(a, 0.1, Word), nodes[depthwise], null, same);
            Node narrow = tape.Convolve(b, nodes[pointwise], null, same with { Height = 1, Width = 1 });
            Node c = tape.ConvolveTransposed(narrow, nodes[transposed], null, same);
            Node dropped = tape.Drop(c, Masks.DrawChannels(c.Value, 0.3, Word), 0.3);
            Node d = tape.NormalizeFrozen(dropped, null, nodes[shift], mean, variance, 1e-3);
            Node normal = tape.Normalize(tape.Add(c, d), nodes[scale], null, 1e-3, out _, out _);
            Node e = tape.NormalizeLayer(normal, nodes[scale], nodes[shift], 1e-3);
            return (tape, tape.Add(tape.GlobalMaxPool(e), tape.GlobalAveragePool(c)));
        }

        Tensor dy = Draw.Reals(10, 2, 3);
        (Tape tape, Node result) = Run();
        tape.Backward(result, dy);
        Dictionary<Tensor, Tensor> gradients = nodes.ToDictionary(pair => pair.Key, pair => pair.Value.Gradient);
        foreach ((Tensor input, Tensor gradient) in gradients)
            FiniteDifference.ExpectOp(() => Run().Result.Value, dy, input, gradient);
    }
}

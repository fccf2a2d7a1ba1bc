using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Gradients of what moves, repeats, joins, drops and penalizes values.</summary>
public sealed class ReshapingGradientTests
{
    private static readonly Gen<(int Height, int Width, int Channels)> Images = Gen.Select(Gen.Int[1, 4], Gen.Int[1, 4], Gen.Int[1, 3]);

    private static readonly Gen<Margins> Margins =
        Gen.Int[0, 2].Array[4].Select(edges => new Margins(edges[0], edges[1], edges[2], edges[3]));

    [Fact]
    public void UpSampling2D() => Gen.Select(Images, Gen.Int[1, 3], Gen.Int[1, 3], Gen.Bool, Gen.Bool).Sample(
        drawn =>
        {
            var enlarge = new UpSampling(drawn.Item2, drawn.Item3, drawn.Item4, drawn.Item5);
            Expect(Draw(drawn.Item1), enlarge.Forward, enlarge.Backward);
        },
        40);

    [Fact]
    public void ZeroPadding2D() =>
        Gen.Select(Images, Margins).Sample(drawn => Expect(Draw(drawn.Item1), drawn.Item2.Pad, (_, dy) => drawn.Item2.PadBackward(dy)), 20);

    [Fact]
    public void Cropping2D() => Gen.Select(Images, Margins).Sample(
        drawn =>
        {
            (Margins margins, (int height, int width, int channels)) = (drawn.Item2, drawn.Item1);
            Tensor x = Draw((height + margins.Top + margins.Bottom, width + margins.Left + margins.Right, channels));
            Expect(x, margins.Crop, (_, dy) => margins.CropBackward(dy));
        },
        20);

    [Fact]
    public void Concatenate() => Gen.Select(Images, Gen.Int[1, 3].Array[1, 3], Gen.Int[1, 3]).Sample(
        drawn =>
        {
            (int[] extents, int axis) = (drawn.Item2, drawn.Item3);
            Tensor[] inputs = [.. extents.Select((extent, i) =>
            {
                int[] shape = [2, drawn.Item1.Height, drawn.Item1.Width, drawn.Item1.Channels];
                shape[axis] = extent;
                return Tests.Draw.Reals(i, shape);
            })];
            Tensor Forward() => Joins.Concatenate(axis, inputs);
            Tensor dy = Tests.Draw.Reals(9, Forward().Shape);
            IReadOnlyList<Tensor> gradients = Joins.ConcatenateBackward(axis - 4, dy, [.. inputs.Select(x => x.Shape)]);
            for (int i = 0; i < inputs.Length; i++)
                FiniteDifference.ExpectOp(Forward, dy, inputs[i], gradients[i]);
        },
        20);

    [Fact]
    public void Add_gives_its_gradient_to_each_input()
    {
        Tensor[] inputs = [Tests.Draw.Reals(1, 2, 3), Tests.Draw.Reals(2, 2, 3), Tests.Draw.Reals(3, 2, 3)];
        Tensor dy = Tests.Draw.Reals(4, 2, 3);
        foreach (Tensor x in inputs)
            FiniteDifference.ExpectOp(() => Joins.Add(inputs), dy, x, dy);
    }

    [Fact]
    public void Reshape()
    {
        Expect(Draw((2, 3, 4)), x => Reshaping.Reshape(x, 6, -1), Reshaping.Backward);
        Expect(Draw((2, 3, 4)), Reshaping.Flatten, Reshaping.Backward);
    }

    [Fact]
    public void Dropout_of_elements_and_of_channels() => Images.Sample(
        drawn =>
        {
            Tensor x = Draw(drawn);
            uint Word(int element) => Philox.Word(7, 3, 5, (ulong)element);
            foreach (bool[] kept in (bool[][])[Masks.Draw(x.Count, 0.4, Word), Masks.DrawChannels(x, 0.4, Word)])
                Expect(x, input => Masks.Apply(input, kept, 0.4), (_, dy) => Masks.Apply(dy, kept, 0.4));
        },
        10);

    [Fact]
    public void GaussianNoise_lets_the_gradient_pass() =>
        Expect(Draw((2, 3, 2)), x => Noise.Add(x, 0.3, element => Philox.Word(7, 3, 5, (ulong)element)), (_, dy) => dy);

    [Theory]
    [InlineData(0.3, 0)]
    [InlineData(0, 0.2)]
    [InlineData(0.1, 0.2)]
    public void Regularizer(double l1, double l2)
    {
        var regularizer = new RegularizerRule(l1, l2);
        Tensor weight = Tests.Draw.Reals(1, 3, 4);
        FiniteDifference.Expect(() => regularizer.Penalty(weight), weight, regularizer.Gradient(weight, new Tensor([3, 4])));
        FiniteDifference.Expect(() => regularizer.OfOutput(weight).Penalty, weight, regularizer.OfOutput(weight).Gradient);
    }

    private static Tensor Draw((int Height, int Width, int Channels) drawn) =>
        Tests.Draw.Reals(1, 2, drawn.Height, drawn.Width, drawn.Channels);

    private static void Expect(Tensor x, Func<Tensor, Tensor> forward, Func<Tensor, Tensor, Tensor> backward)
    {
        Tensor dy = Tests.Draw.Reals(9, forward(x).Shape);
        FiniteDifference.ExpectOp(() => forward(x), dy, x, backward(x, dy));
    }
}

using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Average pooling, padding, cropping and enlargement over drawn shapes, against the reference.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class ImageTests
{
    private static readonly Gen<int> Channels = Gen.OneOf(1, 2, 3, 4, 5, 8, 16, 17, 33);

    private static readonly Gen<int[]> Images =
        Gen.Select(Gen.Int[1, 3], Gen.Int[1, 9], Gen.Int[1, 9], Channels, (batch, height, width, channels) => new[] { batch, height, width, channels });

    private static readonly Gen<Margins> AnyMargins =
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 3], (top, bottom, left, right) => new Margins(top, bottom, left, right));

    private static readonly Gen<(int[] Shape, Window2D Window, bool Accumulates)> Poolings =
        from shape in Images
        from window in Draw.Windows
        from accumulates in Gen.Bool
        where window.OutputHeight(shape[1]) >= 1 && window.OutputWidth(shape[2]) >= 1
        select (shape, window, accumulates);

    /// <summary>Means of 1 to 4 by 1 to 4 cells are whole numbers where all cells are multiples of this.</summary>
    private const int EveryCount = 144;

    [Fact]
    public void Whole_means_are_exact() => Poolings.OnEachTarget((context, who, drawn) =>
    {
        (int[] shape, Window2D window, bool accumulates) = drawn;
        Tensor Multiples(int seed, IReadOnlyList<int> extents) => Draw.Integers(seed, extents).Map(value => value * EveryCount);
        Tensor x = Multiples(1, shape), y = AveragePooling.Forward(x, window), dy = Multiples(2, y.Shape);
        Tensor? before = accumulates ? Draw.Integers(3, shape) : null;
        (float[] output, float[] dx) = ImageKernels.Average(context, x, dy, window, before);
        Compare.Same($"{who} y", y.Map(Math.Round).ToFloats(), output);
        Compare.Same($"{who} dx", Sum(AveragePooling.Backward(x, dy, window).Map(Math.Round), before).ToFloats(), dx);
    });

    [Fact]
    public void Means_are_those_of_the_reference() => Poolings.OnEachTarget((context, who, drawn) =>
    {
        (int[] shape, Window2D window, bool accumulates) = drawn;
        Tensor x = Draw.Reals(1, shape), y = AveragePooling.Forward(x, window), dy = Draw.Reals(2, y.Shape);
        Tensor? before = accumulates ? Draw.Reals(3, shape) : null;
        (float[] output, float[] dx) = ImageKernels.Average(context, x, dy, window, before);
        Compare.Close($"{who} y", y.Values, output, 1e-6, 1e-6);
        Compare.Close($"{who} dx", Sum(AveragePooling.Backward(x, dy, window), before).Values, dx, 2e-6, 2e-6);
    });

    [Fact]
    public void Global_maxima_are_exact_and_the_first_one_wins() => Gen.Select(Images, Gen.Bool).OnEachTarget((context, who, drawn) =>
    {
        (int[] shape, bool accumulates) = drawn;
        Tensor x = Draw.Integers(1, shape), y = GlobalPooling.MaxForward(x), dy = Draw.Integers(2, y.Shape);
        Tensor? before = accumulates ? Draw.Integers(3, shape) : null;
        (float[] output, float[] dx) = ImageKernels.PoolGlobally(context, x, dy, isMax: true, before);
        Compare.Same($"{who} y", y.ToFloats(), output);
        Compare.Same($"{who} dx", Sum(GlobalPooling.MaxBackward(x, dy), before).ToFloats(), dx);
    });

    [Fact]
    public void Global_means_are_those_of_the_reference() => Gen.Select(Images, Gen.Bool, Gen.Bool).OnEachTarget((context, who, drawn) =>
    {
        (int[] shape, bool accumulates, bool isWhole) = drawn;
        // Multiples of the positions have whole means.
        double positions = shape[1] * shape[2];
        Tensor Numbers(int seed, IReadOnlyList<int> extents) =>
            isWhole ? Draw.Integers(seed, extents).Map(value => value * positions) : Draw.Reals(seed, extents);
        Tensor x = Numbers(1, shape), y = GlobalPooling.AverageForward(x), dy = Numbers(2, y.Shape);
        Tensor? before = accumulates ? Draw.Integers(3, shape) : null;
        (float[] output, float[] dx) = ImageKernels.PoolGlobally(context, x, dy, isMax: false, before);
        if (isWhole)
        {
            Compare.Same($"{who} y", Compare.PlainZeros(y.Map(Math.Round).ToFloats()), Compare.PlainZeros(output));
            Compare.Same($"{who} dx", Compare.PlainZeros(Sum(GlobalPooling.AverageBackward(x, dy).Map(Math.Round), before).ToFloats()), Compare.PlainZeros(dx));
        }

        Compare.Close($"{who} y", y.Values, output, 1e-6, 1e-6);
        Compare.Close($"{who} dx", Sum(GlobalPooling.AverageBackward(x, dy), before).Values, dx, 2e-6, 2e-6);
    });

    [Fact]
    public void Padding_moves_every_element() => Gen.Select(Images, AnyMargins, Gen.Bool).OnEachTarget((context, who, drawn) =>
    {
        (int[] shape, Margins margins, bool accumulates) = drawn;
        Tensor x = Draw.Integers(1, shape), y = margins.Pad(x), dy = Draw.Integers(2, y.Shape);
        Tensor? before = accumulates ? Draw.Integers(3, shape) : null;
        (float[] output, float[] dx) = ImageKernels.Pad(context, x, dy, margins.Top, margins.Left, before);
        Compare.Same($"{who} y", y.ToFloats(), output);
        Compare.Same($"{who} dx", Sum(margins.PadBackward(dy), before).ToFloats(), dx);
    });

    [Fact]
    public void Cropping_moves_every_element() => Gen.Select(Images, AnyMargins, Gen.Bool).OnEachTarget((context, who, drawn) =>
    {
        (int[] shape, Margins margins, bool accumulates) = drawn;
        // The drawn image is what is left.
        int[] whole = [shape[0], shape[1] + margins.Top + margins.Bottom, shape[2] + margins.Left + margins.Right, shape[3]];
        Tensor x = Draw.Integers(1, whole), y = margins.Crop(x), dy = Draw.Integers(2, y.Shape);
        Tensor? before = accumulates ? Draw.Integers(3, whole) : null;
        (float[] output, float[] dx) = ImageKernels.Pad(context, x, dy, -margins.Top, -margins.Left, before);
        Compare.Same($"{who} y", y.ToFloats(), output);
        Compare.Same($"{who} dx", Sum(margins.CropBackward(dy), before).ToFloats(), dx);
    });

    [Fact]
    public void Eighths_of_integers_are_interpolated_exactly() =>
        Gen.Select(Images, Gen.OneOf(1, 2, 4), Gen.OneOf(1, 2, 4), Gen.Bool, Gen.Bool).OnEachTarget((context, who, drawn) =>
        {
            (int[] shape, int height, int width, bool bilinear, bool accumulates) = drawn;
            var factors = new UpSampling(height, width, bilinear);
            Tensor x = Draw.Integers(1, shape), y = factors.Forward(x), dy = Draw.Integers(2, y.Shape);
            Tensor? before = accumulates ? Draw.Integers(3, shape) : null;
            (float[] output, float[] dx) = ImageKernels.Enlarge(context, x, dy, factors, before);
            Compare.Same($"{who} y", Compare.PlainZeros(y.ToFloats()), Compare.PlainZeros(output));
            Compare.Same($"{who} dx", Compare.PlainZeros(Sum(factors.Backward(x, dy), before).ToFloats()), Compare.PlainZeros(dx));
        });

    [Fact]
    public void Enlargement_is_that_of_the_reference() =>
        Gen.Select(Images, Gen.Int[1, 5], Gen.Int[1, 5], Gen.Bool, Gen.Bool).OnEachTarget((context, who, drawn) =>
        {
            (int[] shape, int height, int width, bool bilinear, bool accumulates) = drawn;
            var factors = new UpSampling(height, width, bilinear);
            Tensor x = Draw.Reals(1, shape), y = factors.Forward(x), dy = Draw.Reals(2, y.Shape);
            Tensor? before = accumulates ? Draw.Reals(3, shape) : null;
            (float[] output, float[] dx) = ImageKernels.Enlarge(context, x, dy, factors, before);
            Compare.Close($"{who} y", y.Values, output, 2e-6, 1e-6);
            Compare.Close($"{who} dx", Sum(factors.Backward(x, dy), before).Values, dx, 5e-6, 2e-6);
        });

    private static Tensor Sum(Tensor gradient, Tensor? before) => before is null ? gradient : gradient.Zip(before, (a, b) => a + b);
}

using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Known results of layers that pool, frame or enlarge images: of the reference, and of the native ops.</summary>
public sealed class ImageFactTests
{
    [Fact]
    public void Poolings()
    {
        Near.Equal([10, 11, 14, 15], MaxPooling.Forward(Near.Counting(4, 0), new Window2D(3, 3, 2, 2, Same: true)).Values);
        double[] Average(int extent, int first, int size, int stride) =>
            AveragePooling.Forward(Near.Counting(extent, first), new Window2D(size, size, stride, stride, Same: true)).Values;
        Near.Equal([3, 4, 4.5, 6, 7, 7.5, 7.5, 8.5, 9], Average(3, 1, 2, 1));
        Near.Equal([3, 4.5, 7.5, 9], Average(3, 1, 2, 2));
        Near.Equal([3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7], Average(3, 1, 3, 1));
        Near.Equal([5, 6.5, 11, 12.5], Average(4, 0, 3, 2));
    }

    // Of 5×5×4 cells that count from 0: a row is 20 further, a column 4, a channel 1.
    [Theory]
    [InlineData(2, 2, 1, false, 4, 4)]
    [InlineData(2, 2, 1, true, 5, 5)]
    [InlineData(2, 3, 2, false, 2, 2)]
    [InlineData(2, 3, 2, true, 3, 3)]
    public void Averages_of_counted_cells(int height, int width, int stride, bool same, int rows, int columns)
    {
        var window = new Window2D(height, width, stride, stride, same);
        Tensor x = Counting(1, 5, 5, 4), expected = new([1, rows, columns, 4]);
        for (int i = 0; i < expected.Count; i++)
        {
            (int channel, int column, int row) = (i % 4, i / 4 % columns, i / 4 / columns);
            expected.Values[i] = (20 * Middle(row, height, rows)) + (4 * Middle(column, width, columns)) + channel;
        }

        // The middle of those cells of a window that are inside.
        double Middle(int output, int extent, int outputs)
        {
            int before = same ? Math.Max(((outputs - 1) * stride) + extent - 5, 0) / 2 : 0;
            int first = Math.Max((output * stride) - before, 0), last = Math.Min((output * stride) - before + extent - 1, 4);
            return (first + last) / 2.0;
        }

        Tensor y = AveragePooling.Forward(x, window);
        Assert.Equal(expected.Shape, y.Shape);
        Near.Equal(expected.Values, y.Values, 1e-12);
        LayerGolden.OnEachTarget((context, who) => Compare.Close(who, expected.Values, ImageKernels.Average(context, x, y, window).Y, 1e-6, 0));
    }

    [Fact]
    public void Global_averages_of_counted_cells()
    {
        Tensor x = Counting(2, 3, 4, 4);
        double[] expected = [22, 23, 24, 25, 70, 71, 72, 73];
        Tensor y = GlobalPooling.AverageForward(x);
        Assert.Equal([2, 4], y.Shape);
        Near.Equal(expected, y.Values, 1e-12);
        LayerGolden.OnEachTarget((context, who) =>
            Compare.Close(who, expected, ImageKernels.PoolGlobally(context, x, y, isMax: false).Y, 1e-6, 0));
    }

    [Fact]
    public void The_first_of_equal_maxima_receives_the_gradient()
    {
        Tensor x = Near.Image(2, 2, 1, 3, 3, 3), dy = Near.Image(1, 1, 5);
        Near.Equal([0, 5, 0, 0], MaxPooling.Backward(x, dy, new Window2D(2, 2, 2, 2, Same: false)).Values);
        Near.Equal([0, 5, 0, 0], GlobalPooling.MaxBackward(x, dy.Reshape(1, 1)).Values);
    }

    [Fact]
    public void Enlarged_images()
    {
        double[] half = new UpSampling(2, 2, Bilinear: true).Forward(Near.Counting(3, 1)).Values;
        Near.Equal([1, 1.25, 1.75, 2.25, 2.75, 3, 1.75, 2, 2.5, 3, 3.5, 3.75, 3.25, 3.5, 4, 4.5, 5, 5.25], half[..18]);
        Near.Equal([4.75, 5, 5.5, 6, 6.5, 6.75, 6.25, 6.5, 7, 7.5, 8, 8.25, 7, 7.25, 7.75, 8.25, 8.75, 9], half[18..]);
        Near.Equal([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4], new UpSampling(2, 2).Forward(Near.Counting(2, 1)).Values);
        Near.Equal([0, 0, 1, 1, 2, 2], new UpSampling(1, 2).Forward(Near.Image(1, 3, 0, 1, 2)).Values);
    }

    [Fact]
    public void Counted_cells_twice_as_wide()
    {
        double[] expected = [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8, 6, 7, 8, 9, 10, 11, 9, 10, 11];
        Enlarges(Counting(2, 2, 1, 3), new UpSampling(1, 2), new([2, 2, 2, 3], expected));
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(2, 3)]
    public void Enlargement_repeats_rows_and_columns(int height, int width)
    {
        Tensor x = Draw.Reals(1, 2, 11, 12, 2), expected = new([2, 11 * height, 12 * width, 2]);
        for (int i = 0; i < expected.Count; i++)
        {
            (int channel, int column, int line) = (i % 2, i / 2 % (12 * width), i / 2 / (12 * width));
            expected.Values[i] = x.Values[(((line / height * 12) + (column / width)) * 2) + channel];
        }

        Enlarges(x, new UpSampling(height, width), expected);
    }

    [Fact]
    public void Margins_of_images()
    {
        Tensor padded = new Margins(1, 2, 3, 4).Pad(new Tensor([2, 4, 5, 2]).Map(_ => 1));
        Assert.Equal([2, 7, 12, 2], padded.Shape);
        Assert.Equal(80, padded.Values.Sum());
        Assert.All(new Margins(1, 2, 3, 4).Crop(padded).Values, value => Assert.Equal(1, value));
        Tensor cropped = new Margins(1, 2, 3, 4).Crop(Draw.Reals(1, 3, 7, 9, 5));
        Assert.Equal([3, 4, 2, 5], cropped.Shape);
        Assert.Equal(Draw.Reals(1, 3, 7, 9, 5).Values[((1 * 9) + 3) * 5], cropped.Values[0]);
        Assert.Throws<ArgumentException>(() => new Margins(3, 4, 0, 0).Crop(Draw.Reals(1, 3, 7, 9, 5)));
    }

    // The border is 0, the inside 1.
    [Theory]
    [InlineData(2, 2, 2, 2)]
    [InlineData(1, 2, 3, 4)]
    public void Zeros_around_ones(int top, int bottom, int left, int right)
    {
        Tensor x = new Tensor([2, 4, 5, 2]).Map(_ => 1), expected = new([2, 4 + top + bottom, 5 + left + right, 2]);
        for (int i = 0; i < expected.Count; i++)
        {
            (int column, int row) = (i / 2 % expected.Shape[2], i / 2 / expected.Shape[2] % expected.Shape[1]);
            expected.Values[i] = row >= top && row < top + 4 && column >= left && column < left + 5 ? 1 : 0;
        }

        Tensor y = new Margins(top, bottom, left, right).Pad(x);
        Assert.Equal(expected.Shape, y.Shape);
        Assert.Equal(expected.Values, y.Values);
        LayerGolden.OnEachTarget((context, who) => Compare.Same(who, expected.ToFloats(), ImageKernels.Pad(context, x, y, top, left).Y));
    }

    // What is kept of 7 rows and 9 columns: those from the first, up to the last and without it.
    [Theory]
    [InlineData(1, 2, 3, 4, 1, 5, 3, 5)]
    [InlineData(2, 2, 2, 2, 2, 5, 2, 7)]
    [InlineData(0, 2, 0, 4, 0, 5, 0, 5)]
    [InlineData(1, 0, 3, 0, 1, 7, 3, 9)]
    public void Rows_and_columns_that_are_kept(
        int top, int bottom, int left, int right, int firstRow, int lastRow, int firstColumn, int lastColumn)
    {
        Tensor x = Draw.Reals(1, 3, 7, 9, 5);
        double[] expected =
        [
            .. from image in Enumerable.Range(0, 3)
               from row in Enumerable.Range(firstRow, lastRow - firstRow)
               from column in Enumerable.Range(firstColumn, lastColumn - firstColumn)
               from channel in Enumerable.Range(0, 5)
               select x.Values[(((((image * 7) + row) * 9) + column) * 5) + channel],
        ];
        Tensor y = new Margins(top, bottom, left, right).Crop(x);
        Assert.Equal([3, lastRow - firstRow, lastColumn - firstColumn, 5], y.Shape);
        Assert.Equal(expected, y.Values);
        LayerGolden.OnEachTarget((context, who) =>
            Compare.Same(who, new Tensor(y.Shape, expected).ToFloats(), ImageKernels.Pad(context, x, y, -top, -left).Y));
    }

    private static void Enlarges(Tensor x, UpSampling factors, Tensor expected)
    {
        Tensor y = factors.Forward(x);
        Assert.Equal(expected.Shape, y.Shape);
        Assert.Equal(expected.Values, y.Values);
        LayerGolden.OnEachTarget((context, who) => Compare.Same(who, expected.ToFloats(), ImageKernels.Enlarge(context, x, y, factors).Y));
    }

    private static Tensor Counting(params int[] shape) => new(shape, [.. Enumerable.Range(0, Tensor.Size(shape)).Select(i => (double)i)]);
}

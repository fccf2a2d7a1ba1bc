namespace Compiled.Reference;

/// <summary>A row-major array of doubles with a shape; the outermost extent is the batch.</summary>
public sealed class Tensor
{
    public Tensor(IReadOnlyList<int> shape)
        : this(shape, new double[Size(shape)])
    {
    }

    public Tensor(IReadOnlyList<int> shape, double[] values)
    {
        if (values.Length != Size(shape))
            throw new ArgumentException($"{values.Length} values do not fill {string.Join('×', shape)}.", nameof(values));
        Shape = shape;
        Values = values;
    }

    public IReadOnlyList<int> Shape { get; }

    public double[] Values { get; }

    public int Last => Shape[^1];

    public int Count => Values.Length;

    public static Tensor Of(IReadOnlyList<int> shape, ReadOnlySpan<float> values)
    {
        var tensor = new Tensor(shape);
        for (int i = 0; i < values.Length; i++)
            tensor.Values[i] = values[i];
        return tensor;
    }

    public static int Size(IReadOnlyList<int> shape) => shape.Aggregate(1, (product, extent) => checked(product * extent));

    /// <summary>The rows of the last axis, copied.</summary>
    public IEnumerable<double[]> Rows() => Enumerable.Range(0, Count / Last).Select(row => Values[(row * Last)..((row + 1) * Last)]);

    public Tensor Reshape(params IReadOnlyList<int> shape) => new(shape, Values);

    public Tensor Map(Func<double, double> function) => new(Shape, [.. Values.Select(function)]);

    public Tensor Zip(Tensor other, Func<double, double, double> function) =>
        new(Shape, [.. Values.Zip(other.Values, function)]);

    public float[] ToFloats() => [.. Values.Select(value => (float)value)];
}

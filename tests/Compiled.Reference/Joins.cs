namespace Compiled.Reference;

/// <summary>Several tensors become one.</summary>
public static class Joins
{
    /// <summary>The sum of tensors of one shape; each input's gradient is that of the sum.</summary>
    public static Tensor Add(params IReadOnlyList<Tensor> inputs) =>
        inputs.Skip(1).Aggregate(inputs[0], (sum, x) => Same(sum, x).Zip(x, (a, b) => a + b));

    /// <summary>Tensors behind one another along an axis; a negative axis counts from the last.</summary>
    /// <exception cref="ArgumentException">Their shapes differ in another axis.</exception>
    public static Tensor Concatenate(int axis, params IReadOnlyList<Tensor> inputs)
    {
        axis = axis < 0 ? axis + inputs[0].Shape.Count : axis;
        int[] shape = [.. inputs[0].Shape];
        shape[axis] = inputs.Sum(x => x.Shape[axis]);
        if (inputs.Any(x => x.Shape.Where((extent, i) => i != axis && extent != shape[i]).Any()))
            throw new ArgumentException($"{string.Join(" and ", inputs.Select(Extents))} do not join at axis {axis}.", nameof(inputs));
        var y = new Tensor(shape);
        ForEachElement(axis, y, [.. inputs.Select(x => x.Shape)], (input, i, o) => y.Values[o] = inputs[input].Values[i]);
        return y;
    }

    /// <summary>The part of the gradient that belongs to each input.</summary>
    public static IReadOnlyList<Tensor> ConcatenateBackward(int axis, Tensor dy, params IReadOnlyList<IReadOnlyList<int>> shapes)
    {
        axis = axis < 0 ? axis + dy.Shape.Count : axis;
        Tensor[] gradients = [.. shapes.Select(shape => new Tensor(shape))];
        ForEachElement(axis, dy, shapes, (input, i, o) => gradients[input].Values[i] = dy.Values[o]);
        return gradients;
    }

    private static void ForEachElement(int axis, Tensor y, IReadOnlyList<IReadOnlyList<int>> shapes, Action<int, int, int> visit)
    {
        int inner = Tensor.Size([.. y.Shape.Skip(axis + 1)]);
        int row = y.Shape[axis] * inner;
        int before = 0;
        for (int input = 0; input < shapes.Count; input++)
        {
            int part = shapes[input][axis] * inner;
            for (int i = 0; i < Tensor.Size(shapes[input]); i++)
                visit(input, i, (i / part * row) + before + (i % part));
            before += part;
        }
    }

    private static Tensor Same(Tensor a, Tensor b) =>
        a.Shape.SequenceEqual(b.Shape) ? a : throw new ArgumentException($"{Extents(a)} and {Extents(b)} do not add.", nameof(b));

    private static string Extents(Tensor x) => string.Join('×', x.Shape);
}

namespace Compiled.Reference;

/// <summary>
/// Layer normalization over the last axes, with the biased variance. Without gamma it does not scale, without beta it does not shift.
/// </summary>
public static class LayerNormalization
{
    /// <param name="x">The input.</param>
    /// <param name="gamma">As many factors as a normalised group has elements.</param>
    /// <param name="beta">As many summands as a normalised group has elements.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <param name="axes">How many of the last axes are normalised together.</param>
    public static Tensor Forward(Tensor x, Tensor? gamma, Tensor? beta, double epsilon, int axes = 1)
    {
        int size = Size(x, axes);
        (Tensor y, _) = Normalize(x, size, epsilon);
        for (int i = 0; i < y.Count; i++)
            y.Values[i] = (y.Values[i] * (gamma?.Values[i % size] ?? 1)) + (beta?.Values[i % size] ?? 0);
        return y;
    }

    public static (Tensor Dx, Tensor Dgamma, Tensor Dbeta) Backward(Tensor x, Tensor? gamma, Tensor dy, double epsilon, int axes = 1)
    {
        int size = Size(x, axes);
        IReadOnlyList<int> shape = [.. x.Shape.TakeLast(axes)];
        (Tensor normal, double[] deviations) = Normalize(x, size, epsilon);
        Tensor dx = new(x.Shape), dgamma = new(shape), dbeta = new(shape);
        for (int group = 0; group < x.Count / size; group++)
        {
            double sum = 0, dot = 0;
            for (int i = 0; i < size; i++)
            {
                int element = (group * size) + i;
                dgamma.Values[i] += dy.Values[element] * normal.Values[element];
                dbeta.Values[i] += dy.Values[element];
                double slope = dy.Values[element] * (gamma?.Values[i] ?? 1);
                sum += slope;
                dot += slope * normal.Values[element];
            }

            for (int i = 0; i < size; i++)
            {
                int element = (group * size) + i;
                double slope = dy.Values[element] * (gamma?.Values[i] ?? 1);
                dx.Values[element] = (slope - (sum / size) - (normal.Values[element] * dot / size)) / deviations[group];
            }
        }

        return (dx, dgamma, dbeta);
    }

    private static int Size(Tensor x, int axes) => Tensor.Size([.. x.Shape.TakeLast(axes)]);

    private static (Tensor Normal, double[] Deviations) Normalize(Tensor x, int size, double epsilon)
    {
        var normal = new Tensor(x.Shape);
        double[] deviations = new double[x.Count / size];
        for (int group = 0; group < deviations.Length; group++)
        {
            double[] values = x.Values[(group * size)..((group + 1) * size)];
            double mean = values.Average();
            deviations[group] = Math.Sqrt(values.Average(value => (value - mean) * (value - mean)) + epsilon);
            for (int i = 0; i < size; i++)
                normal.Values[(group * size) + i] = (values[i] - mean) / deviations[group];
        }

        return (normal, deviations);
    }
}

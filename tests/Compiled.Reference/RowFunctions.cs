namespace Compiled.Reference;

/// <summary>Activations that look at a whole row of the last axis.</summary>
internal static class RowFunctions
{
    public static IReadOnlyList<string> Names { get; } = ["softmax", "log_softmax", "sparsemax", "glu"];

    public static Tensor Forward(string name, Tensor x)
    {
        Func<double[], double[]> row = name switch
        {
            "softmax" => Softmax,
            "log_softmax" => LogSoftmax,
            "sparsemax" => Sparsemax,
            "glu" => Glu,
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown activation"),
        };
        int last = name == "glu" ? x.Last / 2 : x.Last;
        return new Tensor([.. x.Shape.SkipLast(1), last], [.. x.Rows().SelectMany(row)]);
    }

    public static Tensor Backward(string name, Tensor x, Tensor dy)
    {
        Func<double[], double[], double[]> row = name switch
        {
            "softmax" => (values, gradient) => SoftmaxBackward(Softmax(values), gradient),
            "log_softmax" => LogSoftmaxBackward,
            "sparsemax" => SparsemaxBackward,
            "glu" => GluBackward,
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown activation"),
        };
        return new Tensor(x.Shape, [.. x.Rows().Zip(dy.Rows(), row).SelectMany(values => values)]);
    }

    public static double[] Softmax(double[] x)
    {
        double max = x.Max();
        double[] y = [.. x.Select(value => Math.Exp(value - max))];
        double sum = y.Sum();
        return [.. y.Select(value => value / sum)];
    }

    public static double[] SoftmaxBackward(double[] y, double[] dy)
    {
        double dot = Dot(y, dy);
        return [.. y.Zip(dy, (value, gradient) => value * (gradient - dot))];
    }

    /// <summary>How near a number is to where it comes into what sparsemax leaves, or falls out of it.</summary>
    public static double SparsemaxDistance(Tensor x) => x.Rows().SelectMany(row =>
    {
        double constant = SparsemaxConstant(row);
        return row.Select(value => Math.Abs(value - constant));
    }).Min();

    private static double[] LogSoftmax(double[] x)
    {
        double max = x.Max();
        double log = max + Math.Log(x.Sum(value => Math.Exp(value - max)));
        return [.. x.Select(value => value - log)];
    }

    private static double[] LogSoftmaxBackward(double[] x, double[] dy)
    {
        double sum = dy.Sum();
        return [.. Softmax(x).Zip(dy, (share, gradient) => gradient - (share * sum))];
    }

    // The point of the simplex that is nearest to x: a constant is subtracted from all, and what falls below 0 is 0.
    private static double[] Sparsemax(double[] x)
    {
        double constant = SparsemaxConstant(x);
        return [.. x.Select(value => Math.Max(value - constant, 0))];
    }

    private static double SparsemaxConstant(double[] x)
    {
        double[] sorted = [.. x.OrderDescending()];
        double sum = 0, constant = 0;
        for (int k = 1; k <= x.Length; k++)
        {
            sum += sorted[k - 1];
            if (1 + (k * sorted[k - 1]) > sum)
                constant = (sum - 1) / k;
        }

        return constant;
    }

    private static double[] SparsemaxBackward(double[] x, double[] dy)
    {
        double[] y = Sparsemax(x);
        double mean = dy.Where((_, i) => y[i] > 0).Average();
        return [.. y.Zip(dy, (value, gradient) => value > 0 ? gradient - mean : 0)];
    }

    // The first half of the row, times the sigmoid of the second.
    private static double[] Glu(double[] x)
    {
        int half = x.Length / 2;
        return [.. Enumerable.Range(0, half).Select(i => x[i] * Precise.Sigmoid(x[half + i]))];
    }

    private static double[] GluBackward(double[] x, double[] dy)
    {
        int half = x.Length / 2;
        double[] dx = new double[x.Length];
        for (int i = 0; i < half; i++)
        {
            double gate = Precise.Sigmoid(x[half + i]);
            dx[i] = dy[i] * gate;
            dx[half + i] = dy[i] * x[i] * gate * (1 - gate);
        }

        return dx;
    }

    private static double Dot(double[] a, double[] b) => a.Zip(b, (x, y) => x * y).Sum();
}

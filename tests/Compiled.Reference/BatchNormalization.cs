namespace Compiled.Reference;

/// <summary>Batch normalization over all axes but the last. Without gamma it does not scale, without beta it does not shift.</summary>
public static class BatchNormalization
{
    /// <summary>Training: the statistics are those of the batch; the variance is the biased one.</summary>
    public static (Tensor Y, Tensor Mean, Tensor Variance) Train(Tensor x, Tensor? gamma, Tensor? beta, double epsilon)
    {
        (Tensor mean, Tensor variance) = Statistics(x);
        return (Infer(x, gamma, beta, mean, variance, epsilon), mean, variance);
    }

    /// <summary>Prediction, and training of a frozen layer: the statistics are given.</summary>
    public static Tensor Infer(Tensor x, Tensor? gamma, Tensor? beta, Tensor mean, Tensor variance, double epsilon)
    {
        Tensor y = Normalize(x, mean, variance, epsilon);
        for (int i = 0; i < y.Count; i++)
            y.Values[i] = (y.Values[i] * (gamma?.Values[i % x.Last] ?? 1)) + (beta?.Values[i % x.Last] ?? 0);
        return y;
    }

    /// <summary>Gradients of <see cref="Train"/>, whose statistics depend on x.</summary>
    public static (Tensor Dx, Tensor Dgamma, Tensor Dbeta) TrainBackward(Tensor x, Tensor? gamma, Tensor dy, double epsilon)
    {
        (Tensor mean, Tensor variance) = Statistics(x);
        Tensor normal = Normalize(x, mean, variance, epsilon);
        (Tensor dgamma, Tensor dbeta) = Sums(normal, dy);
        double count = x.Count / x.Last;
        var dx = new Tensor(x.Shape);
        for (int i = 0; i < x.Count; i++)
        {
            int c = i % x.Last;
            double scale = (gamma?.Values[c] ?? 1) / Math.Sqrt(variance.Values[c] + epsilon);
            dx.Values[i] = scale * (dy.Values[i] - (dbeta.Values[c] / count) - (normal.Values[i] * dgamma.Values[c] / count));
        }

        return (dx, dgamma, dbeta);
    }

    /// <summary>Gradients of <see cref="Infer"/>, whose statistics are constants.</summary>
    public static (Tensor Dx, Tensor Dgamma, Tensor Dbeta) InferBackward(
        Tensor x, Tensor? gamma, Tensor mean, Tensor variance, Tensor dy, double epsilon)
    {
        (Tensor dgamma, Tensor dbeta) = Sums(Normalize(x, mean, variance, epsilon), dy);
        var dx = new Tensor(x.Shape);
        for (int i = 0; i < x.Count; i++)
            dx.Values[i] = dy.Values[i] * (gamma?.Values[i % x.Last] ?? 1) / Math.Sqrt(variance.Values[i % x.Last] + epsilon);
        return (dx, dgamma, dbeta);
    }

    /// <summary>A moving statistic after a batch: moving · momentum + batch · (1 − momentum).</summary>
    public static Tensor Move(Tensor moving, Tensor batch, double momentum) =>
        moving.Zip(batch, (before, value) => (before * momentum) + (value * (1 - momentum)));

    private static (Tensor Mean, Tensor Variance) Statistics(Tensor x)
    {
        double count = x.Count / x.Last;
        Tensor mean = new([x.Last]), variance = new([x.Last]);
        for (int i = 0; i < x.Count; i++)
            mean.Values[i % x.Last] += x.Values[i] / count;
        for (int i = 0; i < x.Count; i++)
            variance.Values[i % x.Last] += Math.Pow(x.Values[i] - mean.Values[i % x.Last], 2) / count;
        return (mean, variance);
    }

    private static Tensor Normalize(Tensor x, Tensor mean, Tensor variance, double epsilon)
    {
        var normal = new Tensor(x.Shape);
        for (int i = 0; i < x.Count; i++)
            normal.Values[i] = (x.Values[i] - mean.Values[i % x.Last]) / Math.Sqrt(variance.Values[i % x.Last] + epsilon);
        return normal;
    }

    private static (Tensor Dgamma, Tensor Dbeta) Sums(Tensor normal, Tensor dy)
    {
        Tensor dgamma = new([normal.Last]), dbeta = new([normal.Last]);
        for (int i = 0; i < dy.Count; i++)
        {
            dgamma.Values[i % normal.Last] += dy.Values[i] * normal.Values[i];
            dbeta.Values[i % normal.Last] += dy.Values[i];
        }

        return (dgamma, dbeta);
    }
}

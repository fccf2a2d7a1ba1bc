namespace Compiled;

/// <summary>How the values of metrics come from what the device has summed (cn_metric_kind).</summary>
internal static class MetricRules
{
    public static double Value(MetricPlan plan, ReadOnlySpan<double> sums) => plan.Rule switch
    {
        MetricRule.Mean => Mean(sums),
        MetricRule.NegativeMean => -Mean(sums),
        MetricRule.RootMean => Math.Sqrt(Mean(sums)),
        MetricRule.MeanIoU => MeanIoU(sums, [.. Enumerable.Range(0, (int)Math.Sqrt(sums.Length))]),
        MetricRule.IoU => MeanIoU(sums, plan.TargetClassIds),
        MetricRule.FBetaScore => FBetaScore(plan, sums),
        MetricRule.R2Score => R2Score(sums),
        _ => OfThresholds(plan, sums),
    };

    /// <summary>The sum over the number; 0 without any (Keras).</summary>
    private static double Mean(ReadOnlySpan<double> sums) => Share(sums[0], sums[1]);

    private static double Share(double part, double whole) => whole == 0 ? 0 : part / whole;

    /// <summary>How outputs lie about one threshold.</summary>
    private readonly record struct Confusion(double TruePositives, double FalsePositives, double TrueNegatives, double FalseNegatives)
    {
        public double Precision => Share(TruePositives, TruePositives + FalsePositives);

        public double Recall => Share(TruePositives, TruePositives + FalseNegatives);

        public double Specificity => Share(TrueNegatives, TrueNegatives + FalsePositives);

        public double FalsePositiveRate => Share(FalsePositives, TrueNegatives + FalsePositives);
    }

    private static double OfThresholds(MetricPlan plan, ReadOnlySpan<double> sums)
    {
        // Outputs by how many thresholds they are above: those with a target of 0, then those with a target of 1.
        int buckets = sums.Length / 2;
        ReadOnlySpan<double> zeros = sums[..buckets], ones = sums[buckets..];
        Confusion at = AtThreshold(zeros, ones, 0);
        switch (plan.Rule)
        {
            case MetricRule.TruePositives:
                return at.TruePositives;
            case MetricRule.FalsePositives:
                return at.FalsePositives;
            case MetricRule.TrueNegatives:
                return at.TrueNegatives;
            case MetricRule.FalseNegatives:
                return at.FalseNegatives;
            case MetricRule.Precision:
                return at.Precision;
            case MetricRule.Recall:
                return at.Recall;
        }

        double area = 0, best = 0;
        Confusion last = at;
        for (int i = 0; i < buckets - 1; i++)
        {
            at = AtThreshold(zeros, ones, i);
            area += (last.FalsePositiveRate - at.FalsePositiveRate) * (last.Recall + at.Recall) / 2;
            last = at;
            (double least, double score) = plan.Rule == MetricRule.SensitivityAtSpecificity
                ? (at.Specificity, at.Recall) : (at.Recall, at.Specificity);
            best = least >= plan.Parameter ? Math.Max(best, score) : best;
        }

        return plan.Rule == MetricRule.AreaUnderCurve ? area : best;
    }

    private static Confusion AtThreshold(ReadOnlySpan<double> zeros, ReadOnlySpan<double> ones, int threshold)
    {
        (double negative, double falsePositive) = Split(zeros, threshold);
        (double falseNegative, double positive) = Split(ones, threshold);
        return new Confusion(positive, falsePositive, negative, falseNegative);
    }

    private static (double Below, double Above) Split(ReadOnlySpan<double> buckets, int threshold)
    {
        double below = 0, above = 0;
        for (int i = 0; i < buckets.Length; i++)
        {
            if (i <= threshold)
                below += buckets[i];
            else
                above += buckets[i];
        }

        return (below, above);
    }

    private static double MeanIoU(ReadOnlySpan<double> matrix, IReadOnlyList<int> ids)
    {
        int classes = (int)Math.Sqrt(matrix.Length), occurring = 0;
        double sum = 0;
        foreach (int i in ids)
        {
            double either = -matrix[i * classes + i];
            for (int k = 0; k < classes; k++)
                either += matrix[i * classes + k] + matrix[k * classes + i];
            if (either == 0)
                continue;
            sum += matrix[i * classes + i] / either;
            occurring++;
        }

        return Share(sum, occurring);
    }

    private static double FBetaScore(MetricPlan plan, ReadOnlySpan<double> sums)
    {
        int classes = sums.Length / 3;
        double square = plan.Parameter * plan.Parameter, sum = 0, weights = 0;
        double right = 0, wrong = 0, missed = 0;
        for (int i = 0; i < classes; i++)
        {
            (double hits, double alarms, double misses) = (sums[i], sums[classes + i], sums[2 * classes + i]);
            double weight = plan.Average == ScoreAverage.Weighted ? hits + misses : 1;
            sum += weight * Score(square, hits, alarms, misses);
            weights += weight;
            right += hits;
            wrong += alarms;
            missed += misses;
        }

        return plan.Average == ScoreAverage.Micro ? Score(square, right, wrong, missed) : Share(sum, weights);
    }

    // (1 + β²) P R / (β² P + R), with precision and recall written out.
    private static double Score(double square, double hits, double alarms, double misses) =>
        Share((1 + square) * hits, ((1 + square) * hits) + alarms + (square * misses));

    private static double R2Score(ReadOnlySpan<double> sums)
    {
        int outputs = sums.Length / 3;
        double count = sums[^1], score = 0;
        for (int i = 0; i < outputs; i++)
        {
            double total = sums[outputs + i] - (sums[i] * sums[i] / count);
            score += total == 0 ? 0 : 1 - (sums[2 * outputs + i] / total);
        }

        return score / outputs;
    }
}

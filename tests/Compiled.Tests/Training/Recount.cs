namespace Compiled.Tests;

/// <summary>Loss and accuracy computed anew from predictions, in double, sample by sample.</summary>
internal static class Recount
{
    public static (double Loss, double Accuracy) Classification(Model model, Dataset data)
    {
        float[] predictions = model.Predict(data);
        int classes = model.Plan.OutputShape[^1];
        int[] targets = new int[data.Count];
        data.ReadClassIds([.. Enumerable.Range(0, data.Count)], targets);
        double loss = 0;
        int hits = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            float[] row = predictions[(i * classes)..((i + 1) * classes)];
            loss -= Math.Log(row[targets[i]]);
            if (IndexOfMaximum(row) == targets[i])
                hits++;
        }

        return (loss / targets.Length, (double)hits / targets.Length);
    }

    /// <summary>A hit is, as in Keras, a row whose largest value stands where the target's does.</summary>
    public static double Regression(Model model, Dataset data)
    {
        float[] predictions = model.Predict(data);
        (_, float[] targets) = Samples.All(data);
        return predictions.Zip(targets, (p, t) => ((double)p - t) * ((double)p - t)).Average();
    }

    private static int IndexOfMaximum(float[] values) => Array.IndexOf(values, values.Max());
}

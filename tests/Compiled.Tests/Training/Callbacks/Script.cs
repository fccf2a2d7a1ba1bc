namespace Compiled.Tests;

/// <summary>Runs of callbacks over values that are written down, on a model that does not train.</summary>
internal static class Script
{
    /// <summary>An epoch for each value, which is the loss and the accuracy of training and validation; until the callback ends the run.</summary>
    /// <param name="callback">The callback.</param>
    /// <param name="model">What it is given.</param>
    /// <param name="optimizer">What it finds in the parameters.</param>
    /// <param name="values">The values.</param>
    /// <param name="before">Done in each epoch before it ends.</param>
    /// <returns>How many epochs there were.</returns>
    public static int Run(Callback callback, Model model, Optimizer optimizer, double[] values, Action<int>? before = null)
    {
        callback.Parameters = new FitParameters(optimizer, InitialEpoch: 0, values.Length, Steps: 1, HasValidation: true);
        callback.StopTraining = false;
        callback.OnTrainBegin(model);
        int epoch = 0;
        while (epoch < values.Length && !callback.StopTraining)
        {
            double value = values[epoch++];
            callback.OnEpochBegin(model, epoch);
            before?.Invoke(epoch);
            callback.OnEpochEnd(model, new EpochResult(epoch, value, value, new Evaluation(value, value, 1), 1, TimeSpan.Zero, TimeSpan.Zero));
        }

        callback.OnTrainEnd(model, new History());
        return epoch;
    }

    /// <summary>The same with an optimizer that nobody looks at.</summary>
    public static int Run(Callback callback, Model model, params double[] values) => Run(callback, model, new SGD(), values);
}

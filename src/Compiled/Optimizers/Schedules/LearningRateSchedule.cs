namespace Compiled;

/// <summary>
/// A learning rate that follows the number of updates. One schedule may serve several optimizers: what it gives depends on the number alone.
/// Derive from it for a schedule of your own.
/// </summary>
public abstract class LearningRateSchedule
{
    /// <summary>The learning rate of an update.</summary>
    /// <param name="update">
    /// How many updates the optimizer has made of the model before: 0 for the first. It counts from 0 again where a model meets another optimizer.
    /// </param>
    /// <returns>A finite number of at least 0; anything else ends the training.</returns>
    public abstract double RateAt(long update);

    /// <summary>A number is a schedule that never changes.</summary>
    /// <param name="learningRate">The rate; at least 0.</param>
    public static implicit operator LearningRateSchedule(double learningRate) => new Constant(learningRate);

    /// <summary>update / steps, in whole numbers for a staircase.</summary>
    private protected static double Quotient(long update, long steps, bool staircase) => staircase ? update / steps : (double)update / steps;

    /// <summary>Half a cosine, from 1 at 0 to 0 at 1.</summary>
    private protected static double HalfCosine(double part) => (1 + Math.Cos(Math.PI * part)) / 2;
}

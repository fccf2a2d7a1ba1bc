namespace Compiled.Reference;

/// <summary>A rule of update, with what it remembers of one parameter tensor.</summary>
public abstract class OptimizerRule(double learningRate)
{
    /// <summary>The learning rate of the next update.</summary>
    public double LearningRate { get; set; } = learningRate;

    /// <summary>What it remembers between updates, by the names of the golden cases.</summary>
    public abstract IReadOnlyDictionary<string, double[]> Slots { get; }

    /// <summary>Updates the parameters in place.</summary>
    public abstract void Update(double[] parameters, double[] gradients);
}

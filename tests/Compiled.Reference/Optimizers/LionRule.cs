namespace Compiled.Reference;

/// <summary>Lion (Chen et al., 2023): steps of one size, in the direction of a mean of gradients.</summary>
public sealed class LionRule(double learningRate, double beta1, double beta2, int count) : OptimizerRule(learningRate)
{
    public double[] First { get; } = new double[count];

    public override IReadOnlyDictionary<string, double[]> Slots => new Dictionary<string, double[]> { ["m"] = First };

    public override void Update(double[] parameters, double[] gradients)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i] -= LearningRate * Math.Sign((beta1 * First[i]) + ((1 - beta1) * gradients[i]));
            First[i] = (beta2 * First[i]) + ((1 - beta2) * gradients[i]);
        }
    }
}

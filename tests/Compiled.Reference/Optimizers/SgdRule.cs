namespace Compiled.Reference;

/// <summary>Gradient descent, with momentum and Nesterov's variant. The learning rate is inside the velocity.</summary>
public sealed class SgdRule(double learningRate, double momentum, bool nesterov, int count) : OptimizerRule(learningRate)
{
    public double[] Velocity { get; } = new double[count];

    public override IReadOnlyDictionary<string, double[]> Slots => new Dictionary<string, double[]> { ["v"] = Velocity };

    public override void Update(double[] parameters, double[] gradients)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            Velocity[i] = (momentum * Velocity[i]) - (LearningRate * gradients[i]);
            parameters[i] += nesterov ? (momentum * Velocity[i]) - (LearningRate * gradients[i]) : Velocity[i];
        }
    }
}

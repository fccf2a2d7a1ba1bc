namespace Compiled.Reference;

/// <summary>RMSprop, with epsilon outside the root; centered, it divides by the deviation instead of the root mean square.</summary>
public sealed class RmsPropRule(double learningRate, double rho, double epsilon, int count, double momentum = 0, bool centered = false)
    : OptimizerRule(learningRate)
{
    public double[] Squares { get; } = new double[count];

    public double[] Mean { get; } = new double[count];

    public double[] Velocity { get; } = new double[count];

    public override IReadOnlyDictionary<string, double[]> Slots => new Dictionary<string, double[]> { ["a"] = Squares };

    public override void Update(double[] parameters, double[] gradients)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            Squares[i] = (rho * Squares[i]) + ((1 - rho) * gradients[i] * gradients[i]);
            Mean[i] = (rho * Mean[i]) + ((1 - rho) * gradients[i]);
            double variance = Math.Max(Squares[i] - (centered ? Mean[i] * Mean[i] : 0), 0);
            Velocity[i] = (momentum * Velocity[i]) + (LearningRate * gradients[i] / (Math.Sqrt(variance) + epsilon));
            parameters[i] -= Velocity[i];
        }
    }
}

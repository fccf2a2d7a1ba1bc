namespace Compiled.Reference;

/// <summary>Adadelta, with epsilon inside both roots.</summary>
public sealed class AdadeltaRule(double learningRate, double rho, double epsilon, int count) : OptimizerRule(learningRate)
{
    public double[] Gradients { get; } = new double[count];

    public double[] Updates { get; } = new double[count];

    public override IReadOnlyDictionary<string, double[]> Slots => new Dictionary<string, double[]> { ["a"] = Gradients, ["d"] = Updates };

    public override void Update(double[] parameters, double[] gradients)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            Gradients[i] = (rho * Gradients[i]) + ((1 - rho) * gradients[i] * gradients[i]);
            double update = gradients[i] * Math.Sqrt(Updates[i] + epsilon) / Math.Sqrt(Gradients[i] + epsilon);
            Updates[i] = (rho * Updates[i]) + ((1 - rho) * update * update);
            parameters[i] -= LearningRate * update;
        }
    }
}

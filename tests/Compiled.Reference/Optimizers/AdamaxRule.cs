namespace Compiled.Reference;

/// <summary>Adamax: Adam with the largest gradient, which decays, in place of the second moment.</summary>
public sealed class AdamaxRule(double learningRate, double beta1, double beta2, double epsilon, int count) : OptimizerRule(learningRate)
{
    private int _step;

    public double[] First { get; } = new double[count];

    public double[] Largest { get; } = new double[count];

    public override IReadOnlyDictionary<string, double[]> Slots => new Dictionary<string, double[]> { ["m"] = First, ["u"] = Largest };

    public override void Update(double[] parameters, double[] gradients)
    {
        _step++;
        double rate = LearningRate / (1 - Math.Pow(beta1, _step));
        for (int i = 0; i < parameters.Length; i++)
        {
            First[i] = (beta1 * First[i]) + ((1 - beta1) * gradients[i]);
            Largest[i] = Math.Max(beta2 * Largest[i], Math.Abs(gradients[i]));
            parameters[i] -= rate * First[i] / (Largest[i] + epsilon);
        }
    }
}

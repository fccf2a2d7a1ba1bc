namespace Compiled.Reference;

/// <summary>Adagrad, with epsilon outside the root.</summary>
public sealed class AdagradRule : OptimizerRule
{
    private readonly double _epsilon;

    public AdagradRule(double learningRate, double epsilon, int count, double initialAccumulator = 0)
        : base(learningRate)
    {
        _epsilon = epsilon;
        Accumulator = new double[count];
        Array.Fill(Accumulator, initialAccumulator);
    }

    public double[] Accumulator { get; }

    public override IReadOnlyDictionary<string, double[]> Slots => new Dictionary<string, double[]> { ["a"] = Accumulator };

    public override void Update(double[] parameters, double[] gradients)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            Accumulator[i] += gradients[i] * gradients[i];
            parameters[i] -= LearningRate * gradients[i] / (Math.Sqrt(Accumulator[i]) + _epsilon);
        }
    }
}

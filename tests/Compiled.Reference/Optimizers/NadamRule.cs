namespace Compiled.Reference;

/// <summary>Nadam: Adam with Nesterov momentum, whose momentum grows by a schedule: β₁ (1 − ½ · 0.96^(decay · step)).</summary>
public sealed class NadamRule(double learningRate, double beta1, double beta2, double epsilon, int count, double scheduleDecay = 0.004)
    : OptimizerRule(learningRate)
{
    private int _step;
    private double _product = 1;

    public double[] First { get; } = new double[count];

    public double[] Second { get; } = new double[count];

    public override IReadOnlyDictionary<string, double[]> Slots => new Dictionary<string, double[]> { ["m"] = First, ["v"] = Second };

    public override void Update(double[] parameters, double[] gradients)
    {
        _step++;
        double now = Momentum(_step), next = Momentum(_step + 1);
        _product *= now;
        for (int i = 0; i < parameters.Length; i++)
        {
            First[i] = (beta1 * First[i]) + ((1 - beta1) * gradients[i]);
            Second[i] = (beta2 * Second[i]) + ((1 - beta2) * gradients[i] * gradients[i]);
            double gradient = gradients[i] / (1 - _product), first = First[i] / (1 - (_product * next));
            double second = Second[i] / (1 - Math.Pow(beta2, _step));
            parameters[i] -= LearningRate * (((1 - now) * gradient) + (next * first)) / (Math.Sqrt(second) + epsilon);
        }
    }

    private double Momentum(int step) => beta1 * (1 - (0.5 * Math.Pow(0.96, step * scheduleDecay)));
}

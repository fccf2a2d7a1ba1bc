namespace Compiled.Reference;

/// <summary>
/// Adam, with epsilon added to the uncorrected root; AMSGrad divides by the largest second moment so far. AdamW is Adam after weight
/// decay.
/// </summary>
public sealed class AdamRule(double learningRate, double beta1, double beta2, double epsilon, int count, bool amsGrad = false)
    : OptimizerRule(learningRate)
{
    private int _step;

    public double[] First { get; } = new double[count];

    public double[] Second { get; } = new double[count];

    public double[] Largest { get; } = new double[count];

    public override IReadOnlyDictionary<string, double[]> Slots
    {
        get
        {
            Dictionary<string, double[]> slots = new() { ["m"] = First, ["v"] = Second };
            if (amsGrad)
                slots.Add("vhat", Largest);
            return slots;
        }
    }

    public override void Update(double[] parameters, double[] gradients)
    {
        _step++;
        double rate = LearningRate * Math.Sqrt(1 - Math.Pow(beta2, _step)) / (1 - Math.Pow(beta1, _step));
        for (int i = 0; i < parameters.Length; i++)
        {
            First[i] = (beta1 * First[i]) + ((1 - beta1) * gradients[i]);
            Second[i] = (beta2 * Second[i]) + ((1 - beta2) * gradients[i] * gradients[i]);
            Largest[i] = Math.Max(Largest[i], Second[i]);
            parameters[i] -= rate * First[i] / (Math.Sqrt(amsGrad ? Largest[i] : Second[i]) + epsilon);
        }
    }
}

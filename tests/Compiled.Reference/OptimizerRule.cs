namespace Compiled.Reference;

/// <summary>A rule of update, with what it remembers of one parameter tensor.</summary>
public abstract class OptimizerRule
{
    /// <summary>Updates the parameters in place.</summary>
    public abstract void Update(double[] parameters, double[] gradients);
}

/// <summary>Gradient descent, with momentum and Nesterov's variant.</summary>
public sealed class SgdRule(double learningRate, double momentum, bool nesterov, int count) : OptimizerRule
{
    public double[] Velocity { get; } = new double[count];

    public override void Update(double[] parameters, double[] gradients)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            Velocity[i] = (momentum * Velocity[i]) - (learningRate * gradients[i]);
            parameters[i] += nesterov ? (momentum * Velocity[i]) - (learningRate * gradients[i]) : Velocity[i];
        }
    }
}

/// <summary>Adam, with epsilon added to the uncorrected root.</summary>
public sealed class AdamRule(double learningRate, double beta1, double beta2, double epsilon, int count) : OptimizerRule
{
    private int _step;

    public double[] First { get; } = new double[count];

    public double[] Second { get; } = new double[count];

    public override void Update(double[] parameters, double[] gradients)
    {
        _step++;
        double rate = learningRate * Math.Sqrt(1 - Math.Pow(beta2, _step)) / (1 - Math.Pow(beta1, _step));
        for (int i = 0; i < parameters.Length; i++)
        {
            First[i] = (beta1 * First[i]) + ((1 - beta1) * gradients[i]);
            Second[i] = (beta2 * Second[i]) + ((1 - beta2) * gradients[i] * gradients[i]);
            parameters[i] -= rate * First[i] / (Math.Sqrt(Second[i]) + epsilon);
        }
    }
}

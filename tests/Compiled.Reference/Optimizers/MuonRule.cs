namespace Compiled.Reference;

/// <summary>
/// Muon (Jordan et al., 2024): the momentum of a matrix, made nearly orthogonal by iterations of Newton and Schulz. A kernel of more axes
/// is the matrix of all axes but the last, and the last; tensors of one axis take <see cref="AdamRule"/>.
/// </summary>
public sealed class MuonRule(
    double learningRate, IReadOnlyList<int> shape, double momentum = 0.95, bool nesterov = true, int iterations = 6)
    : OptimizerRule(learningRate)
{
    private readonly int _columns = shape[^1];
    private readonly int _rows = Tensor.Size(shape) / shape[^1];

    public double[] Momentum { get; } = new double[Tensor.Size(shape)];

    public override IReadOnlyDictionary<string, double[]> Slots => new Dictionary<string, double[]> { ["m"] = Momentum };

    /// <summary>The rule of a tensor: Muon for two axes and more, else Adam at a part of the rate.</summary>
    public static OptimizerRule For(
        IReadOnlyList<int> shape, double learningRate = 0.001,
        double adamRatio = 0.1, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7) =>
        shape.Count > 1
            ? new MuonRule(learningRate, shape)
            : new AdamRule(learningRate * adamRatio, beta1, beta2, epsilon, Tensor.Size(shape));

    public override void Update(double[] parameters, double[] gradients)
    {
        double[] direction = new double[parameters.Length];
        for (int i = 0; i < parameters.Length; i++)
        {
            Momentum[i] = (momentum * Momentum[i]) + gradients[i];
            direction[i] = nesterov ? gradients[i] + (momentum * Momentum[i]) : Momentum[i];
        }

        double rate = LearningRate * Math.Sqrt(Math.Max(1, (double)_rows / _columns));
        Matrix orthogonal = Orthogonalize(new Matrix(_rows, _columns, direction), iterations);
        for (int i = 0; i < parameters.Length; i++)
            parameters[i] -= rate * orthogonal.Values[i];
    }

    /// <summary>A matrix with the singular vectors of the given one, and singular values near 1.</summary>
    public static Matrix Orthogonalize(Matrix matrix, int iterations)
    {
        if (matrix.Rows > matrix.Columns)
            return Orthogonalize(matrix.Transpose(), iterations).Transpose();
        Matrix x = matrix.Scale(1 / (Math.Sqrt(matrix.Values.Sum(value => value * value)) + 1e-7));
        for (int i = 0; i < iterations; i++)
        {
            Matrix a = x.Times(x.Transpose());
            Matrix b = a.Scale(-4.7750).Plus(a.Times(a).Scale(2.0315));
            x = x.Scale(3.4445).Plus(b.Times(x));
        }

        return x;
    }
}

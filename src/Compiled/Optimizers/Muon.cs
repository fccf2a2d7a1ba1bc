using Compiled.Interop;

namespace Compiled;

/// <summary>
/// Muon (Jordan et al., 2024). Of a kernel m ← momentum·m + g, o ← m, or with Nesterov's momentum g + momentum·m, as a matrix with all its
/// singular values near 1, and p ← p - rate·√max(1, rows/columns)·o. The matrix of a kernel has the last axis for its columns and all other
/// axes for its rows. All other weights, and those of <see cref="ExcludeLayers"/>, follow <see cref="Adam"/> at a part of the rate.
/// </summary>
/// <remarks>
/// <para>
/// o is made by iterations of Newton and Schulz in float32, x ← 3.4445x + (-4.775a + 2.0315a²)x with a = xxᵀ, beginning with m divided by
/// its norm.
/// </para>
/// <para>
/// The rule and its defaults are those with which Keras introduced it, where kernels of convolutions are matrices, too; later versions of Keras
/// take 5 iterations and another scale of the rate. Keras decays weights by 0.1 or 0.004, depending on the version: set
/// <see cref="Optimizer.WeightDecay"/>. As Keras recommends, leave the last kernel to Adam:
/// <c>new Muon { ExcludeLayers = ["dense_2"] }</c>. It has no layers with embeddings.
/// </para>
/// </remarks>
public sealed class Muon : Optimizer
{
    private readonly string[] _excludeLayers = [];

    /// <summary>Makes the optimizer.</summary>
    /// <param name="learningRate">The step, at least 0; or what it follows.</param>
    /// <param name="momentum">What of m stays at an update, from 0 to 1.</param>
    /// <param name="nesterov">Whether the direction looks ahead: g + momentum·m in place of m.</param>
    /// <param name="iterations">How often singular values are brought nearer to 1, from 1 to 100; Keras' <c>ns_steps</c>.</param>
    /// <param name="adamLearningRateRatio">Times the learning rate, that of Adam; at least 0.</param>
    /// <param name="beta1">The decay of Adam's mean, in [0, 1).</param>
    /// <param name="beta2">The decay of Adam's mean square, in [0, 1).</param>
    /// <param name="epsilon">What keeps the division of Adam finite; a float greater than 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of range.</exception>
    public Muon(
        double learningRate = 0.001, double momentum = 0.95, bool nesterov = true, int iterations = 6,
        double adamLearningRateRatio = 0.1, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7)
        : base(learningRate)
    {
        Momentum = Require.Fraction(momentum, nameof(momentum));
        Nesterov = nesterov;
        if (iterations is < 1 or > 100)
            throw new ArgumentOutOfRangeException(nameof(iterations), iterations, "iterations must be from 1 to 100.");
        Iterations = iterations;
        AdamLearningRateRatio = Require.Float(adamLearningRateRatio, nameof(adamLearningRateRatio));
        Beta1 = Require.BelowOne(beta1, nameof(beta1));
        Beta2 = Require.BelowOne(beta2, nameof(beta2));
        Epsilon = Require.Normal(epsilon, nameof(epsilon));
    }

    /// <inheritdoc cref="Muon(double, double, bool, int, double, double, double, double)"/>
    public Muon(
        LearningRateSchedule learningRate, double momentum = 0.95, bool nesterov = true, int iterations = 6,
        double adamLearningRateRatio = 0.1, double beta1 = 0.9, double beta2 = 0.999, double epsilon = 1e-7)
        : this(0, momentum, nesterov, iterations, adamLearningRateRatio, beta1, beta2, epsilon) => Schedule = learningRate;

    /// <summary>What of m stays at an update.</summary>
    public double Momentum { get; }

    /// <summary>Whether the direction looks ahead.</summary>
    public bool Nesterov { get; }

    /// <summary>How often singular values are brought nearer to 1.</summary>
    public int Iterations { get; }

    /// <summary>Times the learning rate, that of Adam.</summary>
    public double AdamLearningRateRatio { get; }

    /// <summary>The decay of Adam's mean.</summary>
    public double Beta1 { get; }

    /// <summary>The decay of Adam's mean square.</summary>
    public double Beta2 { get; }

    /// <summary>What keeps the division of Adam finite.</summary>
    public double Epsilon { get; }

    /// <summary>The names of layers, such as <c>dense_2</c>, whose kernels follow Adam; none by default.</summary>
    /// <exception cref="ArgumentNullException">The value or a name is null.</exception>
    public IReadOnlyList<string> ExcludeLayers
    {
        get => _excludeLayers;

        init
        {
            ArgumentNullException.ThrowIfNull(value, nameof(ExcludeLayers));
            foreach (string name in value)
                ArgumentNullException.ThrowIfNull(name, nameof(ExcludeLayers));
            _excludeLayers = [.. value];
        }
    }

    internal override int SlotCount => 2;

    internal override cn_optimizer_desc Rule => new()
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_MUON,
        momentum = Momentum,
        nesterov = Nesterov ? 1 : 0,
        iterations = Iterations,
        adam_rate_ratio = AdamLearningRateRatio,
        beta_1 = Beta1,
        beta_2 = Beta2,
        epsilon = Epsilon,
    };

    internal override void Check(ModelPlan plan)
    {
        foreach (string name in _excludeLayers)
        {
            if (!plan.Parameters.Any(parameter => LayerOf(parameter.Name) == name))
            {
                throw new ArgumentException(
                    $"ExcludeLayers names '{name}', but no layer of {plan.Name} with weights is called that. There are "
                    + $"{string.Join(", ", plan.Parameters.Select(parameter => LayerOf(parameter.Name)).Distinct())}.");
            }
        }
    }

    internal override cn_matrix? MatrixOf(string name, IReadOnlyList<int> shape, long offset)
    {
        if (shape.Count < 2 || _excludeLayers.Contains(LayerOf(name)))
            return null;
        return new cn_matrix { offset = offset, rows = Shapes.Size(shape) / shape[^1], columns = shape[^1] };
    }

    private static string LayerOf(string weight) => weight[..weight.LastIndexOf('/')];
}

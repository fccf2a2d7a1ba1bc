using Function = (System.Func<double, double> Value, System.Func<double, double> Slope);

namespace Compiled.Reference;

/// <summary>
/// Activations that look at one number at a time, with their derivatives. At a corner the derivative is that of the lower side.
/// </summary>
internal static class ScalarFunctions
{
    private const double SeluAlpha = 1.6732632423543772;
    private const double SeluScale = 1.0507009873554805;

    public static IReadOnlyList<string> Names { get; } =
    [
        "linear", "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "exponential",
        "sigmoid", "log_sigmoid", "hard_sigmoid", "sparse_sigmoid", "tanh", "hard_tanh", "tanh_shrink",
        "softplus", "sparse_plus", "squareplus", "softsign", "hard_shrink", "soft_shrink", "threshold",
        "swish", "silu", "hard_swish", "hard_silu", "gelu", "gelu_tanh", "mish",
    ];

    public static Function Of(ActivationRule activation) => activation.Name switch
    {
        "linear" => (x => x, _ => 1),
        "relu" => Relu(activation.Alpha ?? 0, activation.MaxValue, activation.Threshold),
        "relu6" => Relu(0, 6, 0),
        "leaky_relu" => Relu(activation.Alpha ?? 0.2, double.PositiveInfinity, 0),
        "elu" => Elu(1, activation.Alpha ?? 1),
        "selu" => Elu(SeluScale, SeluAlpha),
        "celu" => Celu(activation.Alpha ?? 1),
        "exponential" => (Math.Exp, Math.Exp),
        "sigmoid" => (Precise.Sigmoid, SigmoidSlope),
        "log_sigmoid" => (x => -Precise.Softplus(-x), x => Precise.Sigmoid(-x)),
        "hard_sigmoid" => Clip(0.2, 0.5, 0, 1),
        "sparse_sigmoid" => Clip(0.5, 0.5, 0, 1),
        "tanh" => (Math.Tanh, TanhSlope),
        "hard_tanh" => Clip(1, 0, -1, 1),
        "tanh_shrink" => (x => x - Math.Tanh(x), x => Math.Tanh(x) * Math.Tanh(x)),
        "softplus" => (Precise.Softplus, Precise.Sigmoid),
        "sparse_plus" => (SparsePlus, Clip(0.5, 0.5, 0, 1).Value),
        "squareplus" => Squareplus(activation.Alpha ?? 4),
        "softsign" => (x => x / (1 + Math.Abs(x)), x => 1 / ((1 + Math.Abs(x)) * (1 + Math.Abs(x)))),
        "hard_shrink" => HardShrink(activation.Alpha ?? 0.5),
        "soft_shrink" => SoftShrink(activation.Alpha ?? 0.5),
        "threshold" => (x => x > activation.Threshold ? x : activation.Value, x => x > activation.Threshold ? 1 : 0),
        "swish" or "silu" => Gated(Precise.Sigmoid, SigmoidSlope),
        "hard_swish" or "hard_silu" => Gated(Clip(1.0 / 6, 0.5, 0, 1)),
        "gelu" => Gated(x => 0.5 * (1 + Precise.Erf(x / Math.Sqrt(2))), x => Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI)),
        "gelu_tanh" => Gated(x => 0.5 * (1 + Math.Tanh(GeluInner(x))), x => 0.5 * TanhSlope(GeluInner(x)) * GeluInnerSlope(x)),
        "mish" => Gated(x => Math.Tanh(Precise.Softplus(x)), x => TanhSlope(Precise.Softplus(x)) * Precise.Sigmoid(x)),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation.Name, "unknown activation"),
    };

    /// <summary>Where the derivative jumps, with default parameters.</summary>
    public static IReadOnlyList<double> Corners(string name) => name switch
    {
        "relu" or "leaky_relu" or "selu" => [0],
        "relu6" => [0, 6],
        "hard_sigmoid" => [-2.5, 2.5],
        "hard_tanh" or "sparse_sigmoid" => [-1, 1],
        "hard_shrink" or "soft_shrink" => [-0.5, 0.5],
        "hard_silu" => [-3, 3],
        _ => [],
    };

    private static Function Relu(double alpha, double maximum, double threshold) =>
        (x => x > threshold ? Math.Min(x, maximum) : alpha * (x - threshold),
         x => x > threshold ? (x < maximum ? 1 : 0) : alpha);

    private static Function Elu(double scale, double alpha) =>
        (x => scale * (x > 0 ? x : alpha * Precise.ExpMinusOne(x)), x => scale * (x > 0 ? 1 : alpha * Math.Exp(x)));

    private static Function Celu(double alpha) =>
        (x => x > 0 ? x : alpha * Precise.ExpMinusOne(x / alpha), x => x > 0 ? 1 : Math.Exp(x / alpha));

    private static Function Clip(double slope, double offset, double low, double high) =>
        (x => Math.Clamp((slope * x) + offset, low, high), x => (slope * x) + offset > low && (slope * x) + offset < high ? slope : 0);

    private static Function Squareplus(double b) =>
        (x => (x + Math.Sqrt((x * x) + b)) / 2, x => (1 + (x / Math.Sqrt((x * x) + b))) / 2);

    private static Function HardShrink(double width) =>
        (x => Math.Abs(x) > width ? x : 0, x => Math.Abs(x) > width ? 1 : 0);

    private static Function SoftShrink(double width) =>
        (x => Math.Abs(x) > width ? x - (Math.Sign(x) * width) : 0, x => Math.Abs(x) > width ? 1 : 0);

    // x · gate(x).
    private static Function Gated(Func<double, double> gate, Func<double, double> slope) =>
        (x => x * gate(x), x => gate(x) + (x * slope(x)));

    private static Function Gated(Function gate) => Gated(gate.Value, gate.Slope);

    private static double SigmoidSlope(double x) => Precise.Sigmoid(x) * Precise.Sigmoid(-x);

    private static double TanhSlope(double x) => 1 - (Math.Tanh(x) * Math.Tanh(x));

    private static double SparsePlus(double x)
    {
        if (x <= -1)
            return 0;
        return x < 1 ? (x + 1) * (x + 1) / 4 : x;
    }

    private static double GeluInner(double x) => Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x));

    private static double GeluInnerSlope(double x) => Math.Sqrt(2 / Math.PI) * (1 + (3 * 0.044715 * x * x));
}

using System.Runtime.CompilerServices;
using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native losses, by their Keras names.</summary>
internal static class LossKernels
{
    private static readonly Dictionary<string, cn_loss_kind> Kinds = Enum.GetValues<cn_loss_kind>().ToDictionary(KerasName);

    public static bool Knows(string loss) => Kinds.ContainsKey(loss);

    /// <summary>The sums of losses and hits, and the gradient.</summary>
    public static (cn_metrics Metrics, float[] Gradient) Run(
        NativeContext context, string loss, Tensor target, Tensor prediction, LossOptions options,
        cn_accuracy accuracy = cn_accuracy.CN_ACCURACY_NONE)
    {
        (cn_metrics metrics, float[] gradient, _) = Run(context, loss, target, prediction, options, accuracy, probable: false);
        return (metrics, gradient);
    }

    /// <summary>The probabilities that a loss makes of logits.</summary>
    public static float[] Probabilities(NativeContext context, string loss, Tensor target, Tensor prediction) =>
        Run(context, loss, target, prediction, new LossOptions(FromLogits: true), cn_accuracy.CN_ACCURACY_NONE, probable: true).Probabilities;

    /// <summary>The native number of a loss.</summary>
    public static cn_loss_kind Kind(string loss) => Kinds[loss];

    public static nint Targets(NativeContext context, bool sparse, Tensor target) =>
        sparse ? context.Array<int>([.. target.Values.Select(id => (int)id)]) : context.Array(target);

    private static (cn_metrics Metrics, float[] Gradient, float[] Probabilities) Run(
        NativeContext context, string loss, Tensor target, Tensor prediction, LossOptions options, cn_accuracy accuracy, bool probable)
    {
        context.SetState(prediction.Shape[0]);
        int positions = prediction.Count / prediction.Last;
        bool focal = loss.Contains("focal", StringComparison.Ordinal), isTversky = loss == "tversky";
        nint op = context.Op(Native.cn_loss_create, new cn_loss_desc
        {
            struct_size = (uint)Unsafe.SizeOf<cn_loss_desc>(),
            loss = (int)Kinds[loss],
            batch = prediction.Shape[0],
            positions = positions / prediction.Shape[0],
            classes = prediction.Last,
            from_logits = options.FromLogits ? 1 : 0,
            accuracy = (int)accuracy,
            label_smoothing = (float)options.LabelSmoothing,
            delta = loss == "huber" ? (float)options.Delta : 0,
            alpha = focal || isTversky ? (float)options.Alpha : 0,
            gamma = focal ? (float)options.Gamma : 0,
            balance = loss == "binary_focal_crossentropy" && options.Balance ? 1 : 0,
            beta = isTversky ? (float)options.Beta : 0,
            ignores_class = options.IgnoredClass is null ? 0 : 1,
            ignored_class = options.IgnoredClass ?? 0,
            per_sample = options.PerSample && loss is "dice" or "tversky" ? 1 : 0,
        });
        nint targets = Targets(context, loss == "sparse_categorical_crossentropy", target);
        nint weights = options.SampleWeights is null ? 0
            : context.Array<float>([.. Enumerable.Range(0, positions).Select(i => (float)SampleWeights.At(options.SampleWeights, i, positions))]);
        nint gradient = context.Garbage(prediction.Count), probabilities = probable ? context.Garbage(prediction.Count) : 0;
        context.Write<cn_metrics>(context.Metrics, [default]);
        NativeContext.Check(Native.cn_loss_forward(
            op, context.State, context.Array(prediction), targets, weights, gradient, probabilities, context.Metrics));
        return (context.ReadMetrics(), context.Floats(gradient, prediction.Count), probable ? context.Floats(probabilities, prediction.Count) : []);
    }

    private static string KerasName(cn_loss_kind kind) => kind switch
    {
        cn_loss_kind.CN_LOSS_LOG_COSH => "logcosh",
        cn_loss_kind.CN_LOSS_KL_DIVERGENCE => "kullback_leibler_divergence",
        _ => kind.ToString()["CN_LOSS_".Length..].ToLowerInvariant(),
    };
}

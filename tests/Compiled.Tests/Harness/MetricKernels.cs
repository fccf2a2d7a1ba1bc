using System.Runtime.CompilerServices;
using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native metrics.</summary>
internal static class MetricKernels
{
    /// <summary>What a metric sums; of a mean, the weighted values and the weights.</summary>
    public static double[] Run(NativeContext context, cn_metric_desc desc, Tensor target, Tensor prediction, Tensor? weights, int count = 2)
    {
        context.SetState(prediction.Shape[0]);
        nint op = context.Op(Native.cn_metric_create, desc with
        {
            struct_size = (uint)Unsafe.SizeOf<cn_metric_desc>(),
            batch = prediction.Shape[0],
            positions = prediction.Count / prediction.Shape[0] / prediction.Last,
            classes = prediction.Last,
        });
        nint targets = LossKernels.Targets(context, desc.sparse != 0, target), sums = context.Array<double>(new double[count]);
        nint own = weights is null ? 0 : context.Array(weights);
        NativeContext.Check(Native.cn_metric_add(op, context.State, context.Array(prediction), targets, own, sums));
        return context.Values<double>(sums, count);
    }
}

using Compiled.Interop;

namespace Compiled.Misuse;

// What counts and sums for a report.
internal abstract partial class OpKind
{
    private static IReadOnlyList<OpKind> Metrics =>
    [
        Metric(cn_metric_kind.CN_METRIC_LOSS, valid => valid with { loss = 1 }),
        Metric(cn_metric_kind.CN_METRIC_ACCURACY, valid => valid with { accuracy = 2 }),
        Metric(cn_metric_kind.CN_METRIC_TOP_K, valid => valid with { k = 2, sparse = 1 }),
        Metric(cn_metric_kind.CN_METRIC_COUNTS, valid => valid with { thresholds = 9, beyond = 1e-7f }),
        Metric(cn_metric_kind.CN_METRIC_CLASSES, valid => valid with { sparse = 1 }),
        Metric(cn_metric_kind.CN_METRIC_SCORES, valid => valid with { threshold = 0.5f }),
        Metric(cn_metric_kind.CN_METRIC_R2, valid => valid),
    ];

    private static OpKind<cn_metric_desc> Metric(cn_metric_kind kind, Func<cn_metric_desc, cn_metric_desc> complete) => new(
        "cn_metric_create", Native.cn_metric_create,
        complete(Abi.Describe<cn_metric_desc>() with { metric = (int)kind, batch = 3, positions = 2, classes = 5 }), RunMetric);

    private static bool RunMetric(nint op, in cn_metric_desc d, ref RandomWords random)
    {
        long sums = (cn_metric_kind)d.metric switch
        {
            cn_metric_kind.CN_METRIC_COUNTS => 2 * (d.thresholds + 1L),
            cn_metric_kind.CN_METRIC_CLASSES => Math.Max(2, d.classes) * Math.Max(2, d.classes),
            cn_metric_kind.CN_METRIC_SCORES => 3 * d.classes,
            cn_metric_kind.CN_METRIC_R2 => (3 * d.classes) + 1,
            _ => 2,
        };
        if (!Fits(d.batch, d.positions, d.classes) || !Fits(sums, 2))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long count = d.batch * d.positions * d.classes;
        // Class numbers are whatever the memory holds: most are out of range.
        nint targets = d.sparse != 0 ? Garbage(memory, d.batch * d.positions * sizeof(int), ref random) : memory.Floats(count);
        nint weights = d.metric <= (int)cn_metric_kind.CN_METRIC_TOP_K ? memory.Floats(d.batch * d.positions) : 0;
        nint accumulated = memory.Bytes(sums * sizeof(double));
        Abi.Accepted(Native.cn_metric_add(op, state, memory.Floats(count), targets, weights, accumulated));
        Abi.Accepted(Native.cn_metric_add(op, state, memory.Floats(count), targets, 0, accumulated));
        return true;
    }
}

using System.Globalization;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// What multiplies with a kernel and may add a bias. In prediction, a normalization of the result by moving statistics is a factor of each
/// channel and an addend, so that it can be multiplied into both.
/// </summary>
internal abstract record KernelOperation(bool UseBias) : Operation
{
    /// <summary>The normalization that is multiplied into kernel and bias; null where none is.</summary>
    public BatchNormalizationOperation? Folded { get; init; }

    /// <summary>What the kernel is called.</summary>
    protected virtual string KernelName => "kernel";

    /// <summary>How many values of the kernel in a row belong to one channel of the result.</summary>
    protected virtual long ValuesOfChannel(StagePlan stage) => 1;

    /// <summary>Whether the native op adds a bias, as code.</summary>
    protected int BiasFlag => UseBias || Folded is not null ? 1 : 0;

    public override Operation? Fold(BatchNormalizationOperation normalization) => this with { Folded = normalization };

    /// <summary>The addresses of kernel and bias as arguments.</summary>
    protected string Weights(StagePlan stage) => Folded is null
        ? $"kernel: {stage.Parameter(KernelName)}, bias: {stage.Parameter("bias")}"
        : $"kernel: {FoldedAddress(stage, 0)}, bias: {FoldedAddress(stage, BiasOffset(stage))}";

    /// <summary>Bytes of the kernel and the bias with a normalization in them.</summary>
    public long FoldedBytes(StagePlan stage) =>
        Folded is null ? 0 : BiasOffset(stage) + MemoryPlanner.Align(stage.LogicalAnchor.Last * sizeof(float));

    /// <summary>Writes the op that makes them.</summary>
    protected void WriteFold(CodeWriter writer, StagePlan stage)
    {
        if (Folded is null)
            return;
        long channels = stage.LogicalAnchor.Last, inner = ValuesOfChannel(stage);
        writer.Line($"{stage.FoldField} = Create(cn_normalization_fold_create, new cn_normalization_fold_desc");
        writer.Open();
        writer.Line($"outer = {KernelElements(stage) / channels / inner}, channels = {channels}, inner = {inner},");
        writer.Line($"epsilon = {Folded.Epsilon.ToString("R", CultureInfo.InvariantCulture)}f,");
        writer.Line($"use_bias = {(UseBias ? 1 : 0)}, use_scale = {(Folded.Scale ? 1 : 0)}, use_center = {(Folded.Center ? 1 : 0)},");
        writer.Close("});");
    }

    public override NativeCall? Prepare(StagePlan stage) => Folded is null ? null : new(
        "cn_normalization_fold_forward", stage.FoldField,
        $"kernel: {stage.Parameter(KernelName)}, bias: {stage.Parameter("bias")}, {BatchNormalizationOperation.Reads(stage)}",
        $"foldedKernel: {FoldedAddress(stage, 0)}, foldedBias: {FoldedAddress(stage, BiasOffset(stage))}");

    private long KernelElements(StagePlan stage) => Parameters(stage.FramedInput).First(spec => spec.Name == KernelName).Shape.Elements;

    private static string FoldedAddress(StagePlan stage, long offset) => $"Folded({StagePlan.Literal(stage.FoldedOffset + offset)})";

    private long BiasOffset(StagePlan stage) => MemoryPlanner.Align(KernelElements(stage) * sizeof(float));
}

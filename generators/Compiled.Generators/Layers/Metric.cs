using System.Collections.Generic;
using System.Globalization;

namespace Compiled.Generators;

/// <summary>What a metric sums, numbered as in cn_metric_kind.</summary>
internal enum MetricSums
{
    Loss,
    Accuracy,
    TopK,
    Counts,
    Classes,
    Scores,
    R2,
    Pearson,
}

/// <summary>A metric behind the loss: what it sums on the device, and how its value comes from that.</summary>
/// <param name="Title">The attribute.</param>
/// <param name="Kind">What it sums.</param>
/// <param name="Rule">A member of Compiled.MetricRule.</param>
internal sealed record Metric(string Title, MetricSums Kind, string Rule)
{
    /// <summary>What it is reported as.</summary>
    public string Name { get; init; } = "";

    public LossOperation? Loss { get; init; }

    public AccuracyKind Accuracy { get; init; }

    /// <summary>Whether targets are class numbers.</summary>
    public bool TakesClassIds { get; init; }

    public double Threshold { get; init; }

    public long Thresholds { get; init; }

    public double Beyond { get; init; }

    public long K { get; init; }

    /// <summary>Of rules that have one.</summary>
    public double Parameter { get; init; }

    /// <summary>A member of Compiled.ScoreAverage.</summary>
    public string Average { get; init; } = "Macro";

    /// <summary>The classes that an intersection over union is of.</summary>
    public EquatableArray<long> TargetClassIds { get; init; } = EquatableArray<long>.Empty;

    /// <summary>Whether sample weights count.</summary>
    public bool Weighted { get; init; }

    /// <summary>How many sums it has.</summary>
    public long SumsOf(Shape output) => Kind switch
    {
        MetricSums.Counts => 2 * (Thresholds + 1),
        MetricSums.Classes => output.Last == 1 ? 4 : Shape.Multiply(output.Last, output.Last),
        MetricSums.Scores => 3 * output.Last,
        MetricSums.R2 => 3 * output.Last + 1,
        _ => 2,
    };

    public void WriteCreate(CodeWriter writer, string field, Shape predictions)
    {
        writer.Line($"{field} = Create(cn_metric_create, new cn_metric_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"metric = (int)cn_metric_kind.{Constant}, sparse = {(TakesClassIds ? 1 : 0)},");
        writer.Line($"positions = {predictions.Elements / predictions.Last}, classes = {predictions.Last},");
        foreach (string setting in Settings())
            writer.Line($"{setting},");
        writer.Close("});");
    }

    /// <summary>The metric as an entry of the plan.</summary>
    public string PlanCode(Shape output)
    {
        string rest = Rule switch
        {
            "SensitivityAtSpecificity" or "SpecificityAtSensitivity" => $", {Number(Parameter)}",
            "FBetaScore" => $", {Number(Parameter)}, global::Compiled.ScoreAverage.{Average}",
            _ => "",
        };
        string[] own = [.. Properties()];
        string properties = own.Length == 0 ? "" : $" {{ {string.Join(", ", own)} }}";
        return $"new(\"{Name}\", global::Compiled.MetricRule.{Rule}, {SumsOf(output)}{rest}){properties}";
    }

    private IEnumerable<string> Properties()
    {
        if (LargerIsBetter)
            yield return "LargerIsBetter = true";
        if (TargetClassIds.Count > 0)
            yield return $"TargetClassIds = [{string.Join(", ", TargetClassIds)}]";
    }

    private bool LargerIsBetter => Kind switch
    {
        MetricSums.Loss => Rule == "NegativeMean",
        MetricSums.Counts => Rule is not ("FalsePositives" or "FalseNegatives"),
        _ => true,
    };

    private string Constant => "CN_METRIC_" + Kind switch
    {
        MetricSums.TopK => "TOP_K",
        _ => Kind.ToString().ToUpperInvariant(),
    };

    private IEnumerable<string> Settings()
    {
        if (Loss is not null)
        {
            yield return $"loss = (int)cn_loss_kind.{Loss.Loss.Constant()}";
            foreach (string field in Loss.Fields())
                yield return field;
        }

        if (Kind == MetricSums.Accuracy)
            yield return $"accuracy = (int)cn_accuracy.CN_ACCURACY_{Accuracy.ToString().ToUpperInvariant()}";
        if (Kind == MetricSums.TopK)
            yield return $"k = {K}";
        if (Kind == MetricSums.Counts)
            yield return $"thresholds = {Thresholds}, beyond = {Number(Beyond)}f";
        if (Kind is MetricSums.Counts or MetricSums.Classes or MetricSums.Scores || Accuracy == AccuracyKind.Binary)
            yield return $"threshold = {Number(Threshold)}f";
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

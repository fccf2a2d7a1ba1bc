using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Compiled.Generators;

/// <summary>The plan as an object initialiser.</summary>
internal static class PlanLiteral
{
    public static void Write(CodeWriter writer, ModelSpec spec, ModelLayout layout)
    {
        Graph graph = layout.Graph.Graph;
        var loss = (LossOperation)graph.Loss.Operation;
        Shape output = graph.Values[graph.Output].Shape;
        writer.Line("private static readonly global::Compiled.ModelPlan s_plan = new()");
        writer.Open();
        writer.Line($"Name = {Text(spec.Name)},");
        writer.Line("Graph =");
        string[] lines = CanonicalText.Lines(graph).ToArray();
        for (int i = 0; i < lines.Length; i++)
            writer.Line($"    {Text(lines[i] + (i < lines.Length - 1 ? "; " : ""))}{(i < lines.Length - 1 ? " +" : ",")}");
        writer.Line($"Fused = {(layout.Graph.Options.Fused ? "true" : "false")},");
        writer.Line($"Precision = global::Compiled.Precision.{layout.Graph.Options.Precision},");
        writer.Line($"InputShape = [{Extents(graph.Values[graph.Input].Shape)}],");
        writer.Line($"OutputShape = [{Extents(output)}],");
        writer.Line($"TargetShape = [{Extents(loss.Target(output))}],");
        writer.Line($"Target = global::Compiled.TargetKind.{(loss.TakesClassIds ? "ClassId" : "Tensor")},");
        if (graph.Nodes.FirstOrDefault(node => NormalizesOverBatch(graph, node)) is { } normalization)
            writer.Line($"BatchNormalizedLayer = {Text(normalization.Name)},");
        writer.Line($"HasAccuracy = {(loss.Accuracy == AccuracyKind.None ? "false" : "true")},");
        if (loss.IgnoredClass is { } ignored)
            writer.Line($"IgnoredClass = {ignored},");
        writer.Line($"TrainableBytes = {StagePlan.Literal(layout.TrainableBytes)},");
        writer.Line($"ParameterBytes = {StagePlan.Literal(layout.ParameterBytes)},");
        if (layout.FoldedBytes > 0)
            writer.Line($"FoldedBytes = {StagePlan.Literal(layout.FoldedBytes)},");
        if (layout.FoldedBytes > 0 && layout.Spare.Bytes > 0)
            writer.Line($"SpareOffset = {StagePlan.Literal(layout.Spare.Offset)}, SpareBytesPerSample = {StagePlan.Literal(layout.Spare.Bytes)},");
        writer.Line($"ValueBytesPerSample = {StagePlan.Literal(layout.ValueBytes)},");
        writer.Line($"InputOffset = {StagePlan.Literal(layout.Input)},");
        writer.Line($"OutputOffset = {StagePlan.Literal(layout.Output)},");
        writer.Line($"TargetOffset = {StagePlan.Literal(layout.Target)},");
        writer.Line($"NativeCallsPerStep = {CallsPerStep(layout)},");
        WriteMetrics(writer, graph, output);
        WriteLayers(writer, layout);
        WriteParameters(writer, layout);
        writer.Close("};");
    }

    /// <summary>A channel has one value per sample.</summary>
    private static bool NormalizesOverBatch(Graph graph, Node node) =>
        node.Operation is BatchNormalizationOperation { Frozen: false } && graph.Values[node.Input].Shape is var shape && shape.Elements == shape.Last;

    /// <summary>The stages forward and back, the loss, the metrics, penalties, the optimizer, constraints.</summary>
    private static int CallsPerStep(ModelLayout layout)
    {
        Graph graph = layout.Graph.Graph;
        return layout.Stages.Count + layout.Graph.Backward.Count + 1 + graph.Metrics.Count + 1
            + (graph.Parameters.Any(parameter => parameter.Spec.HasPenalty) ? 1 : 0)
            + (graph.Parameters.Any(parameter => parameter.Spec.Constraint is not null) ? 1 : 0);
    }

    private static void WriteMetrics(CodeWriter writer, Graph graph, Shape output)
    {
        if (graph.Metrics.Count == 0)
            return;
        writer.Line("Metrics =");
        writer.Open("[");
        foreach (Metric metric in graph.Metrics)
            writer.Line($"{metric.PlanCode(output)},");
        writer.Close("],");
    }

    private static void WriteLayers(CodeWriter writer, ModelLayout layout)
    {
        Graph graph = layout.Graph.Graph;
        var index = new GraphIndex(graph);
        var stages = new StageNumbers(layout);
        writer.Line("Layers =");
        writer.Open("[");
        foreach (Node node in graph.Nodes)
        {
            string shape = node.Output < 0 ? "" : Extents(graph.Values[node.Output].Shape);
            string count = StagePlan.Literal(index.WeightsOf(node));
            writer.Line($"new({Text(node.Name)}, {Text(node.Operation.Canonical)}, [{shape}], {count}, {stages.Of(node)}),");
        }

        writer.Close("],");
    }

    private static void WriteParameters(CodeWriter writer, ModelLayout layout)
    {
        Graph graph = layout.Graph.Graph;
        writer.Line("Parameters =");
        writer.Open("[");
        for (int i = 0; i < graph.Parameters.Count; i++)
        {
            ParameterSpec spec = graph.Parameters[i].Spec;
            string stream = (0x4000 + i).ToString("X4", CultureInfo.InvariantCulture);
            writer.Line(
                $"new({Text(graph.Parameters[i].Name)}, {StagePlan.Literal(layout.Parameters[i])}, [{Extents(spec.Shape)}], " +
                $"global::Compiled.Initializer.{spec.Initializer}, {spec.FanIn}, {spec.FanOut}, 0x{stream}){Properties(spec)},");
        }

        writer.Close("],");
    }

    private static string Properties(ParameterSpec spec)
    {
        string[] properties =
        [
            .. spec.Trainable ? [] : new[] { "Trainable = false" },
            .. spec.InitializerValue is { } value ? new[] { $"InitializerValue = {LayerArguments.Text(value)}" } : [],
            .. spec.L1 > 0 ? new[] { $"L1 = {LayerArguments.Text(spec.L1)}" } : [],
            .. spec.L2 > 0 ? new[] { $"L2 = {LayerArguments.Text(spec.L2)}" } : [],
            .. spec.Constraint is { } constraint ? new[] { $"Constraint = {ConstraintCode(constraint)}" } : [],
        ];
        return properties.Length == 0 ? "" : $" {{ {string.Join(", ", properties)} }}";
    }

    private static string ConstraintCode(ConstraintSpec constraint) =>
        $"new(global::Compiled.Constraint.{constraint.Kind}, {LayerArguments.Text(constraint.Minimum)}, " +
        $"{LayerArguments.Text(constraint.Maximum)}, {LayerArguments.Text(constraint.Rate)})";

    private static string Extents(Shape shape) => string.Join(", ", shape.Extents);

    private static string Text(string text) => Microsoft.CodeAnalysis.CSharp.SymbolDisplay.FormatLiteral(text, quote: true);
}

/// <summary>A network as text, equal for equal networks, whatever their classes are called and however they are fused.</summary>
internal static class CanonicalText
{
    public static IEnumerable<string> Lines(Graph graph)
    {
        var index = new GraphIndex(graph);
        return graph.Nodes.Select(node => Line(graph, index, node));
    }

    private static string Line(Graph graph, GraphIndex index, Node node)
    {
        IEnumerable<string> sources = node.Inputs.Select(
            input => index.Producer(input)?.Name ?? $"input {graph.Values[graph.Input].Shape}");
        return $"{node.Name} = {node.Operation.Canonical}({string.Join(", ", sources)})";
    }
}

using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Compiled.Generators;

/// <summary>Comments that tell where everything of a model lies, with the offsets as the code has them.</summary>
internal static class MemoryNotes
{
    public static void WriteParameters(CodeWriter writer, ModelLayout layout)
    {
        Graph graph = layout.Graph.Graph;
        long count = graph.Parameters.Sum(parameter => parameter.Spec.Shape.Elements);
        writer.Line(
            $"// {Number(count)} values in {Number(layout.ParameterBytes)} bytes: Parameter(offset) is the address of a tensor, " +
            "Gradient(offset) that of its gradient.");
        if (graph.Parameters.Count == 0)
            return;
        writer.Line("//");
        List<string[]> rows = [["tensor", "shape", "offset"]];
        for (int i = 0; i < graph.Parameters.Count; i++)
            rows.Add([graph.Parameters[i].Name, $"{graph.Parameters[i].Spec.Shape}", StagePlan.Literal(layout.Parameters[i])]);
        CommentTable.Write(writer, rows);
    }

    public static void WriteValues(CodeWriter writer, ModelLayout layout)
    {
        Graph graph = layout.Graph.Graph;
        var loss = (LossOperation)graph.Loss.Operation;
        Shape output = graph.Values[graph.Output].Shape;
        writer.Line(
            $"// {Number(layout.ValueBytes)} bytes per sample of the batch, {Number(layout.SavedBytes)} of which the backward pass " +
            "needs of the forward pass. Value(offset) is an address;");
        writer.Line("// what is never needed at the same time shares memory.");
        if (layout.FoldedBytes > 0)
        {
            writer.Line(
                $"// Folded(offset) is one in the {Number(layout.FoldedBytes)} bytes for weights that prediction multiplies a normalization into.");
            if (layout.Spare.Bytes > 0)
            {
                long batch = (layout.FoldedBytes + layout.Spare.Bytes - 1) / layout.Spare.Bytes;
                writer.Line(
                    $"// {(batch == 1 ? "They" : $"In batches of {Number(batch)} samples and more they")} lie at Value({StagePlan.Literal(layout.Spare.Offset)}), " +
                    "which training alone has a use for.");
            }
        }

        writer.Line("//");
        List<string[]> rows =
        [
            ["value", "shape", "offset", "codes", "gradient", "bytes saved"],
            ["input", $"{graph.Values[graph.Input].Shape}", StagePlan.Literal(layout.Input), "", "", Saved(layout.InputSavedBytes)],
        ];
        rows.AddRange(layout.Stages.Select(stage => new[]
        {
            $"stage {stage.Stage.Number}", $"{stage.Output}", StagePlan.Literal(stage.Offsets.Y),
            Offset(stage.Offsets.Codes), Offset(stage.Offsets.Dy), Saved(stage.SavedBytes),
        }));
        rows.Add(["output", $"{output}", StagePlan.Literal(layout.Output), "", "", ""]);
        rows.Add(["target", $"{loss.Target(output)}", StagePlan.Literal(layout.Target), "", "", ""]);
        CommentTable.Write(writer, rows);
    }

    private static string Offset(long offset) => offset < 0 ? "" : StagePlan.Literal(offset);

    private static string Saved(long bytes) => bytes == 0 ? "" : Number(bytes);

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}

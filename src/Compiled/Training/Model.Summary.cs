using System.Globalization;
using System.Text;

namespace Compiled;

/// <content>The table of the layers.</content>
public abstract partial class Model
{
    /// <summary>The layers with their output shapes, trainable values and stages, and what the model takes in memory.</summary>
    public string Summary()
    {
        string[][] rows =
        [
            ["stage", "layer", "kind", "output", "parameters"],
            .. Plan.Layers.Select(layer => new[]
            {
                layer.Stage.ToString(CultureInfo.InvariantCulture),
                layer.Name,
                layer.Kind,
                Text(layer.OutputShape),
                layer.ParameterCount == 0 ? "-" : layer.ParameterCount.ToString("N0", CultureInfo.InvariantCulture),
            }),
        ];
        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Plan.Name}: {Text(Plan.InputShape)} -> {Text(Plan.OutputShape)}\n");
        foreach (string[] row in rows)
            text.Append(Line(row, widths)).Append('\n');
        text.Append(
            CultureInfo.InvariantCulture,
            $"{Plan.ParameterCount:N0} parameters, {Plan.Layers.Max(layer => layer.Stage) - 1} stages and the loss, {Plan.NativeCallsPerStep} native calls per training step, ");
        text.Append(CultureInfo.InvariantCulture, $"arena of {ArenaBytes:N0} bytes at batch size {BatchSize:N0}");
        return text.ToString();
    }

    private static string Line(string[] cells, int[] widths)
    {
        // The first and the last column hold numbers, the others words.
        string[] padded = [.. cells.Select((cell, i) => i == 0 || i == cells.Length - 1 ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]))];
        return "  " + string.Join("  ", padded);
    }
}

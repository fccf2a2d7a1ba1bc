using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>A table in a comment: the first two columns hold words, the others numbers.</summary>
internal static class CommentTable
{
    private const int WordColumns = 2;

    public static void Write(CodeWriter writer, IReadOnlyList<string[]> rows)
    {
        int[] widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (string[] row in rows)
        {
            IEnumerable<string> cells = row.Select((cell, i) => i < WordColumns ? cell.PadRight(widths[i]) : cell.PadLeft(widths[i]));
            writer.Line($"//   {string.Join("   ", cells)}".TrimEnd());
        }
    }
}

using CppSharp.AST;

namespace Compiled.Bindings;

/// <summary>The words of a C comment.</summary>
internal static class CommentText
{
    /// <summary>The lines of a declaration's comment without its stars; none where the header says nothing.</summary>
    public static string[] Lines(Declaration declaration)
    {
        string text = declaration.Comment?.Text ?? "";
        string[] lines = [.. text.Split('\n').Select(Bare).Where(line => line.Length > 0)];
        // The heading of a section is nobody's comment, though clang gives it to what comes first in the section.
        return lines.Any(line => line.StartsWith("---", StringComparison.Ordinal)) ? [] : lines;
    }

    /// <summary>
    /// The comment of a member. Members that are declared together share one; when it has as many parts, divided by semicolons, each has
    /// its own.
    /// </summary>
    public static string[] Lines(Class record, Field field)
    {
        string[] lines = Lines(field);
        Field[] together = [.. record.Fields.Where(other => other.LineNumberStart == field.LineNumberStart)];
        string[] parts = lines is [string line] ? line.Split("; ") : [];
        return together.Length > 1 && parts.Length == together.Length ? [parts[Array.IndexOf(together, field)]] : lines;
    }

    private static string Bare(string line)
    {
        string bare = line.Trim();
        bare = bare.StartsWith("/*", StringComparison.Ordinal) ? bare[2..] : bare;
        bare = bare.EndsWith("*/", StringComparison.Ordinal) ? bare[..^2] : bare;
        return bare.TrimStart('*').Trim();
    }
}

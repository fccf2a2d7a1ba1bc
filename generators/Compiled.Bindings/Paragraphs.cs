using System.Text.RegularExpressions;

namespace Compiled.Bindings;

/// <summary>Breaks text into lines anew: with their links, the lines of the header would be too long.</summary>
internal static partial class Paragraphs
{
    /// <summary>The paragraphs of some lines. A line that ends with a full stop was ended on purpose; others go on in the next.</summary>
    public static IEnumerable<string> Join(string[] lines)
    {
        string paragraph = "";
        foreach (string line in lines)
        {
            paragraph = Append(paragraph, line);
            if (line.EndsWith('.'))
            {
                yield return paragraph;
                paragraph = "";
            }
        }

        if (paragraph.Length > 0)
            yield return paragraph;
    }

    /// <summary>The lines of a paragraph, each at most <paramref name="width"/> long where its words allow. A tag is one word.</summary>
    public static IEnumerable<string> Wrap(string paragraph, int width)
    {
        string line = "";
        foreach (Match word in Word.Matches(paragraph))
        {
            if (line.Length > 0 && Append(line, word.Value).Length > width)
            {
                yield return line;
                line = "";
            }

            line = Append(line, word.Value);
        }

        yield return line;
    }

    [GeneratedRegex("([^\\s<]|<[^>]*>)+")]
    private static partial Regex Word { get; }

    private static string Append(string text, string word) => text.Length > 0 ? $"{text} {word}" : word;
}

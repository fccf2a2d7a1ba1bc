namespace Compiled.Generators.Tests;

/// <summary>A source file, with the places marked in it that diagnostics must underline: <c>[Dense([|0|])]</c>.</summary>
public sealed record Source(string Text, IReadOnlyList<TextSpan> Marks)
{
    private const string Open = "[|";
    private const string Close = "|]";

    /// <summary>Takes the marks out of a text.</summary>
    public static Source Parse(string marked)
    {
        var text = new StringBuilder();
        List<TextSpan> marks = [];
        int at = 0;
        for (int open; (open = marked.IndexOf(Open, at, StringComparison.Ordinal)) >= 0;)
        {
            int close = marked.IndexOf(Close, open, StringComparison.Ordinal);
            text.Append(marked, at, open - at);
            int start = text.Length;
            text.Append(marked, open + Open.Length, close - open - Open.Length);
            marks.Add(TextSpan.FromBounds(start, text.Length));
            at = close + Close.Length;
        }

        return new Source(text.Append(marked, at, marked.Length - at).ToString(), marks);
    }
}

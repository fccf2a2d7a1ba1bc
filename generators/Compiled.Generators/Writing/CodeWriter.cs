using System.Text;

namespace Compiled.Generators;

/// <summary>Writes indented text with line feeds, on every machine the same.</summary>
internal sealed class CodeWriter
{
    private const int Width = 140;

    private readonly StringBuilder _text = new();
    private int _depth;
    private bool _isOpen;

    private int Indent => _depth * 4;

    /// <summary>Whether a line of this text is short enough to be read.</summary>
    public bool Fits(string text) => Indent + text.Length <= Width;

    public void Line(string text = "")
    {
        if (text.Length > 0)
            _text.Append(' ', Indent).Append(text);
        _text.Append('\n');
        _isOpen = false;
    }

    /// <summary>The heading of what follows.</summary>
    public void Section(string title)
    {
        if (!_isOpen)
            Line();
        Line($"// ---- {title} ".PadRight(Width - 20 - Indent, '-'));
        Line();
    }

    public void Open(string brace = "{")
    {
        Line(brace);
        _depth++;
        _isOpen = true;
    }

    public void Close(string brace = "}")
    {
        _depth--;
        Line(brace);
    }

    public override string ToString() => _text.ToString();
}

using System.Text;

namespace Compiled.Generators;

/// <summary>Writes indented text with line feeds, on every machine the same.</summary>
internal sealed class CodeWriter
{
    private readonly StringBuilder _text = new();
    private int _depth;

    public void Line(string text = "")
    {
        if (text.Length > 0)
            _text.Append(' ', _depth * 4).Append(text);
        _text.Append('\n');
    }

    public void Open(string brace = "{")
    {
        Line(brace);
        _depth++;
    }

    public void Close(string brace = "}")
    {
        _depth--;
        Line(brace);
    }

    public override string ToString() => _text.ToString();
}

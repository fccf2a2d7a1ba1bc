using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Compiled;

/// <summary>The name of a file with values of an epoch in braces: <c>{epoch:D2}-{val_loss:F2}</c>. Doubled braces are braces.</summary>
internal sealed partial class FilePattern
{
    private const string Epoch = "epoch";

    private readonly string _pattern;
    private readonly List<(string Text, string? Name, string Format)> _parts = [];

    /// <exception cref="ArgumentException">A brace is alone, a name is missing, or a format is none.</exception>
    public FilePattern(string pattern)
    {
        ArgumentException.ThrowIfNullOrEmpty(pattern, "filePath");
        _pattern = pattern;
        int at = 0;
        foreach (Match match in Piece().Matches(pattern))
        {
            if (match.Index != at)
                throw Unreadable("a brace stands alone; write {{ or }} for one in the name");
            at += match.Length;
            Add(match);
        }

        if (at != pattern.Length)
            throw Unreadable("a brace stands alone; write {{ or }} for one in the name");
    }

    /// <summary>What is named, the epoch apart.</summary>
    public IEnumerable<string> Names => _parts.Where(part => part.Name is not (null or Epoch)).Select(part => part.Name!);

    public string Of(EpochResult result)
    {
        var path = new StringBuilder();
        foreach ((string text, string? name, string format) in _parts)
        {
            if (name is null)
                path.Append(text);
            else if (name == Epoch)
                path.Append(result.Epoch.ToString(format, CultureInfo.InvariantCulture));
            else
                path.Append((result.TryGet(name, out double value) ? value : double.NaN).ToString(format, CultureInfo.InvariantCulture));
        }

        return path.ToString();
    }

    public override string ToString() => _pattern;

    private void Add(Match match)
    {
        if (match.Groups["text"].Success)
        {
            _parts.Add((match.Value.Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal), null, ""));
            return;
        }

        (string name, string format) = (match.Groups["name"].Value, Translate(match.Groups["format"].Value));
        if (!KnownFormat().IsMatch(format))
            throw Unreadable($"'{format}' is no format; there are those of .NET, as D2, F3 or 00.0, and 02d, .3f and .3e of Python");
        try
        {
            _ = name == Epoch ? 1.ToString(format, CultureInfo.InvariantCulture) : 1.5.ToString(format, CultureInfo.InvariantCulture);
        }
        catch (FormatException)
        {
            throw Unreadable($"'{format}' is no format of {(name == Epoch ? "whole numbers" : "numbers")}");
        }

        _parts.Add(("", name, format));
    }

    /// <summary>Formats of Python: 02d is D2, .3f is F3.</summary>
    private static string Translate(string format)
    {
        Match match = PythonFormat().Match(format);
        string number = match.Groups["number"].Value;
        return match.Groups["kind"].Value switch
        {
            "d" => "D" + number,
            "f" => "F" + number,
            "e" => $"0.{new string('0', int.Parse(number, CultureInfo.InvariantCulture))}e+00",
            _ => format,
        };
    }

    private ArgumentException Unreadable(string reason) => new($"The file name '{_pattern}' cannot be read: {reason}.");

    [GeneratedRegex(@"(?<text>(?:[^{}]|\{\{|\}\})+)|\{(?<name>[A-Za-z][A-Za-z0-9_]*)(?::(?<format>[^{}]*))?\}")]
    private static partial Regex Piece();

    [GeneratedRegex(@"^(?:|[A-Za-z]\d{0,2}|[#,]*0[0#,]*(?:\.[0#]+)?(?:[eE][+-]?0+)?)$")]
    private static partial Regex KnownFormat();

    [GeneratedRegex(@"^(?:0?(?<number>\d{0,2})(?<kind>d)|\.(?<number>\d{1,2})(?<kind>[fe]))$")]
    private static partial Regex PythonFormat();
}

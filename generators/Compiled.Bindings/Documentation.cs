using System.Text.RegularExpressions;
using CppSharp.AST;

namespace Compiled.Bindings;

/// <summary>Makes XML documentation of the header's comments; where there is none, of what else the header says.</summary>
internal sealed partial class Documentation
{
    // What the indentation and the slashes leave of a line.
    private const int Width = NativeFile.LineLength - 8;

    private readonly HeaderContent _header;
    private readonly Dictionary<string, string> _references = new() { [HeaderContent.VersionMacro] = "Native.AbiVersion" };

    public Documentation(HeaderContent header)
    {
        _header = header;
        foreach (var record in header.Structs)
            _references[record.Name] = record.Name;
        foreach (var function in header.Functions)
            _references[function.Name] = $"Native.{function.Name}";
        foreach (var type in header.Enums)
        {
            _references[type.Name] = type.Name;
            foreach (var item in type.Items)
                _references[item.Name] = $"{type.Name}.{item.Name}";
        }
    }

    public IEnumerable<string> Of(Enumeration type) => Summary(CommentText.Lines(type), _ => null, () => UsesOf(type));

    public IEnumerable<string> Of(Enumeration.Item item) => Summary(CommentText.Lines(item), _ => null, () => item.Name);

    public IEnumerable<string> Of(Class record) =>
        Summary(CommentText.Lines(record), word => Member(record, word), () => UsesOf(record));

    public IEnumerable<string> Of(Class record, Field field) =>
        Summary(CommentText.Lines(record, field), word => Member(record, word), () => field.Name == CTypes.SizeMember
            ? $"The size of {See(record.Name)} in bytes."
            : $"The {field.Name} of {See(record.Name)}.");

    public IEnumerable<string> Of(Function function) =>
        Summary(CommentText.Lines(function), word => Parameter(function, word), () => Relative(function) is { } record
            ? $"See {See(record.Name)}."
            : function.Name);

    [GeneratedRegex("`(?<code>[^`]+)`|\\b(?<name>(cn|CN)_\\w+)")]
    private static partial Regex Marked { get; }

    private static string? Member(Class record, string word) =>
        record.Fields.Any(field => field.Name == word) ? $"<see cref=\"{record.Name}.{word}\"/>" : null;

    private static string? Parameter(Function function, string word) =>
        function.Parameters.Any(parameter => parameter.Name == word) ? $"<paramref name=\"{Names.Parameter(word)}\"/>" : null;

    private IEnumerable<string> Summary(string[] lines, Func<string, string?> local, Func<string> otherwise)
    {
        string[] text = lines.Length == 0 ? [otherwise()] : [.. Paragraphs.Join(lines).Select(paragraph => Markup(paragraph, local))];
        if (text is [string only] && only.Length + "<summary></summary>".Length <= Width)
            return [$"/// <summary>{only}</summary>"];
        var wrapped = text.SelectMany(paragraph => Paragraphs.Wrap(paragraph, Width));
        return ["/// <summary>", .. wrapped.Select(line => $"/// {line}"), "/// </summary>"];
    }

    // `words` in backticks are code, or a name of the declaration's own; names of the header become links.
    private string Markup(string line, Func<string, string?> local)
    {
        string escaped = line.Replace("&", "&amp;", StringComparison.Ordinal)
            .Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
        return Marked.Replace(escaped, match => match.Groups["code"] is { Success: true, Value: string code }
            ? local(code) ?? $"<c>{code}</c>"
            : See(match.Groups["name"].Value));
    }

    private string See(string name) => _references.TryGetValue(name, out string? reference) ? $"<see cref=\"{reference}\"/>" : name;

    // A member that holds a value of an enumeration has its name as the comment.
    private string UsesOf(Enumeration type)
    {
        string[] holders = [.. _header.Structs.SelectMany(record => record.Fields
            .Where(field => CommentText.Lines(field) is [string line] && Regex.IsMatch(line, $"^{type.Name}\\b"))
            .Select(field => $"<see cref=\"{record.Name}.{field.Name}\"/>"))];
        return $"Values of {(holders.Length > 0 ? string.Join(", ", holders) : type.Name)}.";
    }

    private string UsesOf(Class record)
    {
        string[] users = [.. _header.Functions
            .Where(function => function.Parameters.Any(parameter => CTypes.CallersStruct(parameter) == record))
            .Select(function => See(function.Name))];
        return users.Length > 0 ? $"For {string.Join(", ", users)}." : $"Struct {record.Name}.";
    }

    // The struct that a function takes, else the descriptor of its family.
    private Class? Relative(Function function) =>
        function.Parameters.Select(CTypes.CallersStruct).FirstOrDefault(record => record != null)
        ?? _header.Structs.FirstOrDefault(record => record.Name.EndsWith("_desc", StringComparison.Ordinal)
            && function.Name.StartsWith(record.Name[..^"desc".Length], StringComparison.Ordinal));
}

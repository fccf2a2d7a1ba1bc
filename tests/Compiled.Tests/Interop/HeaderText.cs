using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Compiled.Tests;

/// <summary>compiled.h, read with a few patterns: enough to hold the bindings against it without a C parser.</summary>
public sealed partial class HeaderText(string text)
{
    private readonly string _code = Comments.Replace(text.ReplaceLineEndings("\n"), "");

    /// <summary>The SHA-256 of the text as it is with line feeds.</summary>
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\n"))));

    /// <summary>The value of CN_ABI_VERSION.</summary>
    public string AbiVersion => Version.Match(_code).Groups[1].Value;

    /// <summary>"enum TYPE NAME VALUE" for each enumerator.</summary>
    public IEnumerable<string> Enumerators =>
        from type in Enums.Matches(_code)
        from item in Items.Matches(type.Groups[2].Value)
        select $"enum {type.Groups[1].Value} {item.Groups[1].Value} {item.Groups[2].Value}";

    /// <summary>The functions in order, each with its parameters as they are written.</summary>
    public IEnumerable<(string Name, string Result, string[] Parameters)> Functions =>
        from function in Prototypes.Matches(_code)
        let parameters = function.Groups[3].Value
        select (function.Groups[2].Value, function.Groups[1].Value.Trim(),
            parameters == "void" ? [] : parameters.Split(',').Select(parameter => Blanks.Replace(parameter, " ").Trim()).ToArray());

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comments { get; }

    [GeneratedRegex(@"#define CN_ABI_VERSION (\d+)")]
    private static partial Regex Version { get; }

    [GeneratedRegex(@"\benum (\w+) \{([^}]*)\}")]
    private static partial Regex Enums { get; }

    [GeneratedRegex(@"(\w+) = (-?\d+)")]
    private static partial Regex Items { get; }

    [GeneratedRegex(@"^CN_API ([\w\s*]*?)\b(cn_\w+)\(([^)]*)\);", RegexOptions.Multiline)]
    private static partial Regex Prototypes { get; }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks { get; }

    /// <summary>The header that the tests were built with.</summary>
    public static string Read() => File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "compiled.h"));
}

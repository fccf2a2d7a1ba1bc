using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Compiled.Generators;

/// <summary>Names the layers of a network: as they ask, else by their kind and a number of its own from 1, as Keras does.</summary>
internal sealed class LayerNames
{
    /// <summary>What a name must be.</summary>
    public const string Range = "a letter followed by letters, digits and underscores, 100 at most";

    private const int MaxLength = 100;

    private readonly Dictionary<string, int> _counters = new(StringComparer.Ordinal);

    /// <summary>The name of the next layer.</summary>
    public string Next(LayerArguments arguments, string baseName)
    {
        if (arguments.Text("name") is { } name)
            return name;
        _counters.TryGetValue(baseName, out int count);
        _counters[baseName] = count + 1;
        return $"{baseName}_{count + 1}";
    }

    /// <summary>Whether a name can be a member in C# and a key in files.</summary>
    public static bool IsName(string name) =>
        name.Length is > 0 and <= MaxLength && IsLetter(name[0]) && name.All(c => IsLetter(c) || c is >= '0' and <= '9' or '_');

    /// <summary>The name of a class as Keras would number layers of it: <c>BasicBlock</c> is <c>basic_block</c>.</summary>
    public static string Snake(string name)
    {
        var text = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            bool begins = char.IsUpper(name[i]) && i > 0 && (!char.IsUpper(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])));
            text.Append(begins && text[text.Length - 1] != '_' ? "_" : "").Append(char.ToLowerInvariant(name[i]));
        }

        return text.ToString();
    }

    private static bool IsLetter(char c) => c is >= 'a' and <= 'z' or >= 'A' and <= 'Z';
}

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Compiled.Generators;

/// <summary>The names of generated files: after the class, and no two alike on file systems that ignore case.</summary>
internal static class FileNames
{
    /// <summary>The identities of the models whose plain names are taken by others too.</summary>
    public static EquatableArray<string> Shared(IEnumerable<ModelSpec> specs) =>
        specs.GroupBy(spec => Allowed(spec.FullName), StringComparer.OrdinalIgnoreCase)
            .Where(group => group.Count() > 1)
            .SelectMany(group => group.Select(spec => spec.Identity))
            .OrderBy(identity => identity, StringComparer.Ordinal)
            .ToEquatableArray();

    /// <summary>The name of one file.</summary>
    public static string Of(string fullName, string identity, EquatableArray<string> shared) =>
        $"{Allowed(fullName)}{(shared.Contains(identity) ? $".{Hash(identity)}" : "")}.g.cs";

    /// <summary>Identifiers may hold marks, connectors and number letters, which the names of generated files may not.</summary>
    private static string Allowed(string name)
    {
        var text = new StringBuilder();
        foreach (char c in name)
        {
            if (char.IsLetterOrDigit(c) || c is '.' or '_' or '+')
                text.Append(c);
            else
                text.Append('(').Append(((int)c).ToString("X4", CultureInfo.InvariantCulture)).Append(')');
        }

        return text.ToString();
    }

    /// <summary>FNV-1a: the same on every machine and in every run.</summary>
    private static string Hash(string text)
    {
        uint hash = 2166136261;
        foreach (char c in text)
            hash = unchecked((hash ^ c) * 16777619);
        return hash.ToString("x8", CultureInfo.InvariantCulture);
    }
}

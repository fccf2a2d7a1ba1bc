using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>The names that the layers of a network can refer to, or those of one use of a block: a block knows no names but its own.</summary>
/// <param name="prefix">What the names begin with in the whole network, e.g. <c>block_1/</c>.</param>
internal sealed class LayerScope(string prefix)
{
    private readonly Dictionary<string, int> _values = new(StringComparer.Ordinal);
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);
    private readonly LayerNames _names = new();

    /// <summary>What a layer is called in the whole network.</summary>
    public string Qualify(string name) => prefix + name;

    /// <summary>A name for the next layer, or null after an issue was reported.</summary>
    public string? Next(LayerArguments arguments, string baseName, int layer, IssueList issues) =>
        Claim(_names.Next(arguments, baseName), arguments, layer, issues);

    /// <summary>The name, if it is one and not taken, or null after an issue was reported.</summary>
    public string? Claim(string name, LayerArguments arguments, int layer, IssueList issues)
    {
        if (!LayerNames.IsName(name))
        {
            arguments.OutOfRange("name", $"'{name}'", LayerNames.Range);
            return null;
        }

        if (!_taken.Contains(name))
            return name;
        issues.OnArgument(Rules.DuplicateName, layer, "name", name);
        return null;
    }

    public void Define(string name, int value)
    {
        _values[name] = value;
        _taken.Add(name);
    }

    /// <summary>Keeps a name from the layers, without one that could be referred to by it.</summary>
    public void Reserve(string name) => _taken.Add(name);

    /// <summary>The value of an earlier layer, or null after an issue was reported.</summary>
    public int? Find(string name, string argument, int element, int layer, IssueList issues)
    {
        if (_values.TryGetValue(name, out int value))
            return value;
        string close = _values.Keys.OrderBy(known => Spelling.Distance(known, name)).ThenBy(known => known, StringComparer.Ordinal)
            .FirstOrDefault() ?? "";
        bool isClose = close.Length > 0 && Spelling.Distance(close, name) <= Math.Max(2, name.Length / 3);
        issues.OnRepairableElement(
            Rules.UnknownName, layer, argument, element, isClose ? close : null, name, isClose ? $"; did you mean '{close}'?" : "");
        return null;
    }
}

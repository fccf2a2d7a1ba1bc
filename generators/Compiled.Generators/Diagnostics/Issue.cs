using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Compiled.Generators;

/// <summary>Something wrong with a declaration. Of layers and arguments the analyzer finds the place in the source.</summary>
/// <param name="Rule">What is wrong.</param>
/// <param name="Layer">The layer, from 0; -1 for the class.</param>
/// <param name="Argument">The argument in camel case, or null for the whole layer.</param>
/// <param name="Element">Which one of the values of a 'params' argument.</param>
/// <param name="Place">Where it is, for what is no layer; null for the name of the class.</param>
/// <param name="Words">What the rule's message is filled with.</param>
internal sealed record Issue(
    DiagnosticDescriptor Rule, int Layer, string? Argument, int Element, Location? Place, EquatableArray<string> Words)
{
    /// <summary>The one word that repairs it, for whoever changes the source; see <see cref="Repairs"/>.</summary>
    public string? Repair { get; init; }
}

/// <summary>Collects issues.</summary>
internal sealed class IssueList
{
    private readonly List<Issue> _issues = [];
    private bool _isOnWholeLayers;

    public IReadOnlyList<Issue> Items => _issues;

    public bool HasErrors => _issues.Any(issue => issue.Rule.DefaultSeverity == DiagnosticSeverity.Error);

    /// <summary>Until the result is disposed of, what is wrong with an argument is told of the layer: it stands in a block.</summary>
    public IDisposable OnWholeLayers() => new WholeLayers(this);

    public void OnClass(DiagnosticDescriptor rule, params string[] words) => OnPlace(rule, null, words);

    public void OnPlace(DiagnosticDescriptor rule, Location? place, params string[] words) =>
        _issues.Add(new Issue(rule, -1, null, 0, place, words.ToEquatableArray()));

    /// <summary>As <see cref="OnPlace"/>, of what one word repairs.</summary>
    public void OnRepairable(DiagnosticDescriptor rule, Location? place, string repair, params string[] words) =>
        _issues.Add(new Issue(rule, -1, null, 0, place, words.ToEquatableArray()) { Repair = repair });

    public void OnLayer(DiagnosticDescriptor rule, int layer, params string[] words) => OnArgument(rule, layer, null, words);

    public void OnArgument(DiagnosticDescriptor rule, int layer, string? argument, params string[] words) =>
        OnElement(rule, layer, argument, 0, words);

    public void OnElement(DiagnosticDescriptor rule, int layer, string? argument, int element, params string[] words) =>
        OnRepairableElement(rule, layer, argument, element, null, words);

    /// <summary>As <see cref="OnElement"/>, of what one word repairs; not in a block, which other places use, too.</summary>
    public void OnRepairableElement(
        DiagnosticDescriptor rule, int layer, string? argument, int element, string? repair, params string[] words) =>
        _issues.Add(new Issue(rule, layer, _isOnWholeLayers ? null : argument, element, null, words.ToEquatableArray())
        {
            Repair = _isOnWholeLayers ? null : repair,
        });

    private sealed class WholeLayers : IDisposable
    {
        private readonly IssueList _issues;
        private readonly bool _before;

        public WholeLayers(IssueList issues)
        {
            _issues = issues;
            _before = issues._isOnWholeLayers;
            issues._isOnWholeLayers = true;
        }

        public void Dispose() => _issues._isOnWholeLayers = _before;
    }
}

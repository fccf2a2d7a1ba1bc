using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Compiled.Generators;

/// <summary>Something wrong with a declaration, in terms of its layers and arguments; the analyzer finds the place in the source.</summary>
/// <param name="Rule">What is wrong.</param>
/// <param name="Layer">The layer, from 0; -1 for the class.</param>
/// <param name="Argument">The argument in camel case, or null for the whole layer.</param>
/// <param name="Words">What the rule's message is filled with.</param>
internal sealed record Issue(DiagnosticDescriptor Rule, int Layer, string? Argument, EquatableArray<string> Words);

/// <summary>Collects issues.</summary>
internal sealed class IssueList
{
    private readonly List<Issue> _issues = [];

    public IReadOnlyList<Issue> Items => _issues;

    public bool HasErrors => _issues.Any(issue => issue.Rule.DefaultSeverity == DiagnosticSeverity.Error);

    public void OnClass(DiagnosticDescriptor rule, params string[] words) => Add(rule, -1, null, words);

    public void OnLayer(DiagnosticDescriptor rule, int layer, params string[] words) => Add(rule, layer, null, words);

    public void OnArgument(DiagnosticDescriptor rule, int layer, string? argument, params string[] words) => Add(rule, layer, argument, words);

    private void Add(DiagnosticDescriptor rule, int layer, string? argument, string[] words) =>
        _issues.Add(new Issue(rule, layer, argument, words.ToEquatableArray()));
}

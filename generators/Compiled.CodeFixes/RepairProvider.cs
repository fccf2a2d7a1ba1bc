using System.Collections.Immutable;
using System.Threading.Tasks;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Compiled.CodeFixes;

/// <summary>Repairs one kind of mistake, of which the analyzer knows the word that repairs it.</summary>
/// <param name="id">The rule.</param>
public abstract class RepairProvider(string id) : CodeFixProvider
{
    /// <inheritdoc/>
    public sealed override ImmutableArray<string> FixableDiagnosticIds { get; } = [id];

    /// <inheritdoc/>
    public sealed override FixAllProvider GetFixAllProvider() => WellKnownFixAllProviders.BatchFixer;

    /// <inheritdoc/>
    public sealed override async Task RegisterCodeFixesAsync(CodeFixContext context)
    {
        SyntaxNode? root = await context.Document.GetSyntaxRootAsync(context.CancellationToken).ConfigureAwait(false);
        if (root is null)
            return;
        foreach (Diagnostic diagnostic in context.Diagnostics)
        {
            if (!diagnostic.Properties.TryGetValue(Generators.Repairs.Word, out string? word) || word is null)
                continue;
            SyntaxNode place = root.FindNode(diagnostic.Location.SourceSpan, getInnermostNodeForTie: true);
            if (Repair(place, word) is not { } change)
                continue;
            Document repaired = context.Document.WithSyntaxRoot(root.ReplaceNode(change.Old, change.New));
            context.RegisterCodeFix(
                CodeAction.Create(Title(word), _ => Task.FromResult(repaired), equivalenceKey: GetType().Name), diagnostic);
        }
    }

    /// <summary>What an editor offers.</summary>
    private protected abstract string Title(string word);

    /// <summary>What stands there and what has to, or null where that cannot be told.</summary>
    private protected abstract (SyntaxNode Old, SyntaxNode New)? Repair(SyntaxNode place, string word);
}

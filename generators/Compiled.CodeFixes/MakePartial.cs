using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Compiled.CodeFixes;

/// <summary>CN0001: makes the class of a model, or one that it is nested in, partial.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class MakePartial() : RepairProvider(Generators.Repairs.NotPartial)
{
    private protected override string Title(string word) => $"Add '{word}'";

    private protected override (SyntaxNode Old, SyntaxNode New)? Repair(SyntaxNode place, string word)
    {
        if (place is not TypeDeclarationSyntax type || type.Modifiers.Any(SyntaxKind.PartialKeyword))
            return null;
        SyntaxToken partial = SyntaxFactory.Token(SyntaxKind.PartialKeyword).WithTrailingTrivia(SyntaxFactory.Space);
        if (type.Modifiers.Count > 0)
            return (type, type.AddModifiers(partial));
        // What stands before the keyword stands before its first modifier then.
        SyntaxTokenList modifiers = SyntaxFactory.TokenList(partial.WithLeadingTrivia(type.Keyword.LeadingTrivia));
        return (type, type.WithKeyword(type.Keyword.WithLeadingTrivia()).WithModifiers(modifiers));
    }
}

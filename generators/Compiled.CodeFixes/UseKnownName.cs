using System.Composition;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Compiled.CodeFixes;

/// <summary>CN0008: replaces a name that no layer has by the one that was meant.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class UseKnownName() : RepairProvider(Generators.Repairs.UnknownName)
{
    private protected override string Title(string word) => $"Change to '{word}'";

    /// <remarks>A constant, which may have other uses, is left alone.</remarks>
    private protected override (SyntaxNode Old, SyntaxNode New)? Repair(SyntaxNode place, string word)
    {
        if (place is not LiteralExpressionSyntax literal || !literal.IsKind(SyntaxKind.StringLiteralExpression))
            return null;
        LiteralExpressionSyntax meant = SyntaxFactory.LiteralExpression(SyntaxKind.StringLiteralExpression, SyntaxFactory.Literal(word));
        return (literal, meant.WithTriviaFrom(literal));
    }
}

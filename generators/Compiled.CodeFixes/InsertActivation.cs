using System.Composition;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Compiled.CodeFixes;

/// <summary>CN0012: inserts the softmax or sigmoid that a cross-entropy needs before it.</summary>
[ExportCodeFixProvider(LanguageNames.CSharp), Shared]
public sealed class InsertActivation() : RepairProvider(Generators.Repairs.LossMismatch)
{
    private protected override string Title(string word) => $"Insert [{word}]";

    private protected override (SyntaxNode Old, SyntaxNode New)? Repair(SyntaxNode place, string word)
    {
        if (place.FirstAncestorOrSelf<AttributeSyntax>() is not { Parent: AttributeListSyntax list } loss)
            return null;
        AttributeSyntax activation = SyntaxFactory.Attribute(NameLike(loss.Name, word)).WithLeadingTrivia(loss.GetLeadingTrivia());
        AttributeSyntax after = loss.WithLeadingTrivia();
        // What the loss reads is now for the activation to read.
        if (loss.ArgumentList?.Arguments.FirstOrDefault(argument => argument.NameEquals?.Name.Identifier.ValueText == "From") is { } from)
        {
            activation = activation.WithArgumentList(SyntaxFactory.AttributeArgumentList([from.WithoutTrivia()]));
            SeparatedSyntaxList<AttributeArgumentSyntax> others = loss.ArgumentList.Arguments.Remove(from);
            after = after.WithArgumentList(others.Count == 0 ? null : loss.ArgumentList.WithArguments(others));
        }

        SyntaxToken comma = SyntaxFactory.Token(SyntaxKind.CommaToken).WithTrailingTrivia(SyntaxFactory.Space);
        int at = 2 * list.Attributes.IndexOf(loss);
        SyntaxNodeOrTokenList attributes = list.Attributes.GetWithSeparators().RemoveAt(at).InsertRange(at, [activation, comma, after]);
        return (list, list.WithAttributes(SyntaxFactory.SeparatedList<AttributeSyntax>(attributes)));
    }

    /// <summary>The word, qualified as the name of the loss is.</summary>
    private static NameSyntax NameLike(NameSyntax loss, string word)
    {
        IdentifierNameSyntax name = SyntaxFactory.IdentifierName(word);
        return loss switch
        {
            QualifiedNameSyntax qualified => qualified.WithRight(name),
            AliasQualifiedNameSyntax alias => alias.WithName(name),
            _ => name,
        };
    }
}

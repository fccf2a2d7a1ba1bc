using System;
using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Compiled.Generators;

/// <summary>Finds what was written for the argument of an attribute.</summary>
internal static class Places
{
    /// <summary>The place of an argument, or of the whole attribute where the argument is not written.</summary>
    /// <param name="data">The attribute.</param>
    /// <param name="argument">The parameter or property in any case; null for the whole attribute.</param>
    /// <param name="element">Which one of a 'params' parameter's.</param>
    public static Location? Of(AttributeData data, string? argument, int element = 0)
    {
        var attribute = data.ApplicationSyntaxReference?.GetSyntax() as AttributeSyntax;
        return (attribute is null || argument is null ? null : Find(attribute, data, argument, element)) ?? attribute?.GetLocation();
    }

    private static Location? Find(AttributeSyntax attribute, AttributeData data, string name, int element)
    {
        ImmutableArray<IParameterSymbol> parameters = data.AttributeConstructor?.Parameters ?? [];
        Location? first = null;
        int position = 0;
        foreach (AttributeArgumentSyntax argument in attribute.ArgumentList?.Arguments ?? default)
        {
            string? written = (argument.NameColon?.Name ?? argument.NameEquals?.Name)?.Identifier.ValueText;
            if (argument.NameEquals is null)
            {
                // Everything behind a 'params' parameter belongs to it.
                if (written is null && parameters.Length > 0)
                    written = parameters[Math.Min(position, parameters.Length - 1)].Name;
                position++;
            }

            if (!string.Equals(written, name, StringComparison.OrdinalIgnoreCase))
                continue;
            if (element-- == 0)
                return argument.Expression.GetLocation();
            first ??= argument.Expression.GetLocation();
        }

        return first;
    }
}

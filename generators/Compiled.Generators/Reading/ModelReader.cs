using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Compiled.Generators;

/// <summary>Reads a class with [Model]: literals only, in lexical order, and never throws on half-typed code.</summary>
internal static class ModelReader
{
    /// <summary>The spec of a class, or null where nothing can be generated for it; reports what is wrong with its declaration.</summary>
    public static ModelSpec? Read(INamedTypeSymbol type, TypeDeclarationSyntax declaration, IssueList issues)
    {
        List<AttributeData> layers = LayersOf(type, declaration);
        bool canGenerate = ClassRules.Check(type, declaration, issues);
        bool complete = canGenerate && ClassRules.CheckMembers(type, issues) && !HasUnknownAttribute(type, declaration);
        var specs = new List<LayerSpec>();
        foreach (AttributeData layer in layers)
        {
            complete &= LayerReader.Read(layer, out LayerSpec spec);
            specs.Add(spec);
        }

        return !canGenerate ? null : new ModelSpec(
            type.ContainingNamespace.IsGlobalNamespace ? "" : type.ContainingNamespace.ToDisplayString(),
            ContainingTypes(type).ToEquatableArray(),
            type.Name,
            FullName(type),
            Options(type, issues),
            Members(type).ToEquatableArray(),
            specs.ToEquatableArray(),
            complete);
    }

    /// <summary>The declaration that carries [Model]: the first, if several do.</summary>
    public static TypeDeclarationSyntax? FindDeclaration(INamedTypeSymbol type) => FindDeclaration(type, KnownTypes.Model);

    /// <summary>The first declaration that carries an attribute.</summary>
    public static TypeDeclarationSyntax? FindDeclaration(INamedTypeSymbol type, string attribute) =>
        FindAttribute(type, attribute)?.ApplicationSyntaxReference?.GetSyntax().Parent?.Parent as TypeDeclarationSyntax;

    /// <summary>The layer attributes of one declaration, in the order in which they stand.</summary>
    public static List<AttributeData> LayersOf(INamedTypeSymbol type, TypeDeclarationSyntax declaration) =>
        type.GetAttributes()
            .Where(attribute => IsLayer(attribute) && IsWithin(attribute, declaration))
            .OrderBy(attribute => attribute.ApplicationSyntaxReference!.Span.Start)
            .ToList();

    public static bool IsLayer(AttributeData attribute)
    {
        for (INamedTypeSymbol? type = attribute.AttributeClass; type is not null; type = type.BaseType)
        {
            if (type.ToDisplayString() == KnownTypes.Layer)
                return true;
        }

        return false;
    }

    public static bool IsWithin(AttributeData attribute, SyntaxNode declaration) =>
        attribute.ApplicationSyntaxReference is { } reference
        && reference.SyntaxTree == declaration.SyntaxTree
        && declaration.Span.Contains(reference.Span);

    /// <summary>Whether there is an attribute that the compiler does not find: it may be meant as a layer.</summary>
    private static bool HasUnknownAttribute(INamedTypeSymbol type, TypeDeclarationSyntax declaration) =>
        type.GetAttributes().Any(
            attribute => attribute.AttributeClass is null or { TypeKind: TypeKind.Error } && IsWithin(attribute, declaration));

    private static AttributeData? FindAttribute(INamedTypeSymbol type, string name) =>
        type.GetAttributes().FirstOrDefault(attribute => attribute.AttributeClass?.ToDisplayString() == name);

    private static ModelOptions Options(INamedTypeSymbol type, IssueList issues)
    {
        AttributeData model = FindAttribute(type, KnownTypes.Model)!;
        return new ModelOptions(
            Choice(model, "Fusion", last: 1, issues) == 0, (PrecisionKind)Choice(model, "Precision", last: (int)PrecisionKind.BFloat16, issues));
    }

    /// <summary>The value of an enumeration that counts from 0 to <paramref name="last"/>; 0 where it is not written, or no such value.</summary>
    private static int Choice(AttributeData model, string property, int last, IssueList issues)
    {
        int value = model.NamedArguments.Where(argument => argument.Key == property).Select(argument => argument.Value.Value as int? ?? 0)
            .LastOrDefault();
        if (value >= 0 && value <= last)
            return value;
        string written = value.ToString(CultureInfo.InvariantCulture), name = char.ToLowerInvariant(property[0]) + property.Substring(1);
        issues.OnPlace(Rules.OutOfRange, Places.Of(model, name), "Model", name, written, LayerArguments.EnumRange);
        return 0;
    }

    private static IEnumerable<string> Members(INamedTypeSymbol type) =>
        type.GetMembers().Where(ClassRules.IsWritten).Select(member => member.Name).Distinct()
            .OrderBy(name => name, System.StringComparer.Ordinal);

    private static List<string> ContainingTypes(INamedTypeSymbol type)
    {
        var outer = new List<string>();
        for (INamedTypeSymbol? container = type.ContainingType; container is not null; container = container.ContainingType)
        {
            string keyword = container.TypeKind switch
            {
                TypeKind.Struct => container.IsRecord ? "record struct" : "struct",
                TypeKind.Interface => "interface",
                _ => container.IsRecord ? "record" : "class",
            };
            outer.Insert(0, $"partial {keyword} {Escape(container.Name)}");
        }

        return outer;
    }

    /// <summary>A name as code: escaped where it is a keyword, or of small letters only, which the compiler warns may become one.</summary>
    public static string Escape(string name) =>
        SyntaxFacts.GetKeywordKind(name) != SyntaxKind.None || name.All(c => c is >= 'a' and <= 'z') ? "@" + name : name;

    private static string FullName(INamedTypeSymbol type)
    {
        string name = type.MetadataName;
        for (INamedTypeSymbol? container = type.ContainingType; container is not null; container = container.ContainingType)
            name = $"{container.MetadataName}+{name}";
        for (INamespaceSymbol space = type.ContainingNamespace; !space.IsGlobalNamespace; space = space.ContainingNamespace)
            name = $"{space.Name}.{name}";
        return name;
    }
}

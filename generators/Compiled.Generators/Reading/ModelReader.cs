using System.Collections.Generic;
using System.Collections.Immutable;
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
            complete &= ReadLayer(layer, out LayerSpec spec);
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
    public static TypeDeclarationSyntax? FindDeclaration(INamedTypeSymbol type) =>
        FindModelAttribute(type)?.ApplicationSyntaxReference?.GetSyntax().Parent?.Parent as TypeDeclarationSyntax;

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

    private static AttributeData? FindModelAttribute(INamedTypeSymbol type) =>
        type.GetAttributes().FirstOrDefault(attribute => attribute.AttributeClass?.ToDisplayString() == KnownTypes.Model);

    /// <summary>Reads the arguments of a layer that can be read; false where the compiler reports one of them.</summary>
    private static bool ReadLayer(AttributeData attribute, out LayerSpec layer)
    {
        bool complete = attribute.AttributeConstructor is not null;
        ImmutableArray<IParameterSymbol> parameters = attribute.AttributeConstructor?.Parameters ?? [];
        IEnumerable<KeyValuePair<string, TypedConstant>> positional = attribute.ConstructorArguments
            .Take(parameters.Length).Select((value, i) => new KeyValuePair<string, TypedConstant>(parameters[i].Name, value));
        var arguments = new List<Argument>();
        foreach (KeyValuePair<string, TypedConstant> argument in positional.Concat(attribute.NamedArguments))
        {
            complete &= !HasError(argument.Value);
            // What no layer of Compiled takes is left out, and so is null: it says as much as nothing.
            if (ReadConstant(argument.Value) is { } value)
                arguments.Add(new Argument(CamelCase(argument.Key), value));
        }

        layer = new LayerSpec(WithoutSuffix(attribute.AttributeClass!.ToDisplayString()), arguments.ToEquatableArray());
        return complete;
    }

    private static bool HasError(TypedConstant constant) =>
        constant.Kind == TypedConstantKind.Error
        || (constant is { Kind: TypedConstantKind.Array, IsNull: false } && constant.Values.Any(HasError));

    private static object? ReadConstant(TypedConstant constant)
    {
        if (constant.Kind == TypedConstantKind.Array)
        {
            if (constant.IsNull)
                return null;
            var values = new List<long>();
            foreach (TypedConstant element in constant.Values)
            {
                if (ReadConstant(element) is not long value)
                    return null;
                values.Add(value);
            }

            return values.ToEquatableArray();
        }

        return constant.Kind is not (TypedConstantKind.Primitive or TypedConstantKind.Enum) ? null : constant.Value switch
        {
            bool value => value,
            string value => value,
            float value => (double)value,
            double value => value,
            null => null,
            sbyte or byte or short or ushort or int or uint or long => System.Convert.ToInt64(constant.Value, CultureInfo.InvariantCulture),
            _ => null,
        };
    }

    private static ModelOptions Options(INamedTypeSymbol type, IssueList issues)
    {
        AttributeData model = FindModelAttribute(type)!;
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

    public static string WithoutSuffix(string name) =>
        name.EndsWith("Attribute", System.StringComparison.Ordinal) ? name.Substring(0, name.Length - "Attribute".Length) : name;

    private static string CamelCase(string name) => char.ToLowerInvariant(name[0]) + name.Substring(1);
}

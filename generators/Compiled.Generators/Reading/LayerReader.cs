using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Globalization;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Compiled.Generators;

/// <summary>Reads layer attributes: literals only, and for a block the layers of its class.</summary>
internal static class LayerReader
{
    /// <summary>The most blocks inside one another.</summary>
    private const int MaxDepth = 100;

    private static readonly SymbolDisplayFormat WithoutTypeArguments = new(
        typeQualificationStyle: SymbolDisplayTypeQualificationStyle.NameAndContainingTypesAndNamespaces);

    /// <summary>Reads the arguments of a layer that can be read; false where the compiler reports one of them.</summary>
    public static bool Read(AttributeData attribute, out LayerSpec layer)
    {
        int room = GraphBuilder.MaxBlockLayers;
        return Read(attribute, [], ref room, out layer);
    }

    /// <summary>Reads a layer within blocks, which have room for so many more: blocks of blocks are soon too many to read.</summary>
    private static bool Read(AttributeData attribute, ImmutableList<string> within, ref int room, out LayerSpec layer)
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

        INamedTypeSymbol type = attribute.AttributeClass!;
        string kind = WithoutSuffix(type.ToDisplayString(WithoutTypeArguments));
        bool isBlock = type.TypeArguments.Length == 1 && BlockLayer.IsBlock(kind);
        layer = new LayerSpec(isBlock ? kind : WithoutSuffix(type.ToDisplayString()), arguments.ToEquatableArray());
        if (isBlock)
            complete &= ReadBody(type.TypeArguments[0], within, ref room, ref layer);
        return complete;
    }

    /// <summary>The layers of the class that a block is; false where the compiler has something to report of it.</summary>
    private static bool ReadBody(ITypeSymbol body, ImmutableList<string> within, ref int room, ref LayerSpec layer)
    {
        if (body is not INamedTypeSymbol { TypeKind: not TypeKind.Error } type)
            return false;
        string name = type.ToDisplayString();
        layer = layer with { BodyName = type.Name };
        if (within.Contains(name))
        {
            layer = layer with { BodyFault = $"'{type.Name}' contains itself ({string.Join(" → ", within.Add(name))}): it would never end" };
            return true;
        }

        if (ModelReader.FindDeclaration(type, KnownTypes.Block) is not { } declaration)
        {
            string where = type.DeclaringSyntaxReferences.IsEmpty ? "comes from another assembly: its source must be part of this project" : "has no [Block]: add it";
            layer = layer with { BodyFault = $"'{type.Name}' {where}" };
            return true;
        }

        if (within.Count == MaxDepth)
        {
            layer = layer with { BodyFault = $"'{type.Name}' stands in more than {MaxDepth} blocks: put fewer of them into one another" };
            return true;
        }

        bool complete = true;
        var layers = new List<LayerSpec>();
        foreach (AttributeData attribute in ModelReader.LayersOf(type, declaration))
        {
            if (--room < 0)
                break;
            complete &= Read(attribute, within.Add(name), ref room, out LayerSpec inner);
            layers.Add(inner);
        }

        layer = layer with { Body = layers.ToEquatableArray(), BodyFault = FaultOf(type.Name, layers, room) };
        return complete;
    }

    private static string? FaultOf(string name, List<LayerSpec> layers, int room)
    {
        if (room < 0)
        {
            string limit = GraphAssembly.Count(GraphBuilder.MaxBlockLayers);
            return $"'{name}' has, with the blocks in it, more than {limit} layers: make it smaller";
        }

        return layers.Count == 0
            ? $"'{name}' has no layers: put them on the declaration with [Block]"
            : layers.Select(inner => inner.BodyFault).FirstOrDefault(fault => fault is not null);
    }

    /// <summary>The name of an attribute as it is written.</summary>
    public static string WithoutSuffix(string name) =>
        name.EndsWith("Attribute", StringComparison.Ordinal) ? name.Substring(0, name.Length - "Attribute".Length) : name;

    private static bool HasError(TypedConstant constant) =>
        constant.Kind == TypedConstantKind.Error
        || (constant is { Kind: TypedConstantKind.Array, IsNull: false } && constant.Values.Any(HasError));

    private static object? ReadConstant(TypedConstant constant) => constant.Kind switch
    {
        TypedConstantKind.Array when !constant.IsNull => ReadArray(constant.Values),
        TypedConstantKind.Primitive or TypedConstantKind.Enum => ReadPrimitive(constant.Value),
        _ => null,
    };

    private static object? ReadArray(ImmutableArray<TypedConstant> elements)
    {
        object?[] values = elements.Select(ReadConstant).ToArray();
        if (values.All(value => value is long))
            return values.Cast<long>().ToEquatableArray();
        return values.All(value => value is string) ? values.Cast<string>().ToEquatableArray() : null;
    }

    private static object? ReadPrimitive(object? value) => value switch
    {
        bool or string or double => value,
        float number => (double)number,
        sbyte or byte or short or ushort or int or uint or long => Convert.ToInt64(value, CultureInfo.InvariantCulture),
        _ => null,
    };

    private static string CamelCase(string name) => char.ToLowerInvariant(name[0]) + name.Substring(1);
}

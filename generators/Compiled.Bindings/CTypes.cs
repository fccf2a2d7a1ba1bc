using CppSharp.AST;
using CppSharp.AST.Extensions;
using Type = CppSharp.AST.Type;

namespace Compiled.Bindings;

/// <summary>The C# side of the C types that the header uses. Any other type is refused: it needs a decision here first.</summary>
internal static class CTypes
{
    /// <summary>The first member of every struct that the caller owns.</summary>
    public const string SizeMember = "struct_size";

    private static readonly Dictionary<string, (string Name, int Size)> FixedWidth = new()
    {
        ["uint8_t"] = ("byte", 1),
        ["int32_t"] = ("int", 4),
        ["uint32_t"] = ("uint", 4),
        ["int64_t"] = ("long", 8),
        ["uint64_t"] = ("ulong", 8),
    };

    /// <summary>A value: its C# type and its size in bytes.</summary>
    public static (string Name, int Size) Value(Type type, string owner) => type switch
    {
        TypedefType { Declaration.Name: string name } when FixedWidth.TryGetValue(name, out var known) => known,
        TypedefType typedef => Value(typedef.Declaration.Type, owner),
        TagType { Declaration: Class { IsIncomplete: false } record } => (record.Name, record.Layout.Size),
        BuiltinType { Type: PrimitiveType.Float } => ("float", 4),
        BuiltinType { Type: PrimitiveType.Double } => ("double", 8),
        BuiltinType { Type: var unknown } => throw Refuse(owner, unknown.ToString()),
        _ => throw Refuse(owner, type.GetType().Name),
    };

    public static string Result(Function function) =>
        function.ReturnType.Type is PointerType ? "nint" : Value(function.ReturnType.Type, function.Name).Name;

    /// <summary>The type of a parameter with how it is passed. The header's conventions decide what a pointer is.</summary>
    public static string Parameter(Function function, Parameter parameter)
    {
        if (parameter.Type is not PointerType pointer)
            return Value(parameter.Type, $"{function.Name}: {parameter.Name}").Name;
        if (parameter.Name.StartsWith("host_", StringComparison.Ordinal))
            return "nint"; // an array of the caller's
        bool isConstant = pointer.QualifiedPointee.Qualifiers.IsConst;
        if (CallersStruct(parameter) is { } record)
            return $"{(isConstant ? "in" : "ref")} {record.Name}";
        return !isConstant && IsResult(pointer.Pointee, out string name) ? $"out {name}" : "nint";
    }

    /// <summary>The caller's struct that a parameter points to: it begins with its size. Other structs lie in device memory.</summary>
    public static Class? CallersStruct(Parameter parameter) =>
        parameter.Type is PointerType pointer && pointer.Pointee.Desugar() is TagType { Declaration: Class record }
        && record.Fields is [{ Name: SizeMember }, ..] ? record : null;

    private static BindingsException Refuse(string owner, string type) =>
        new($"{owner} has a type that the interface does not use, {type}: take one of a fixed width, or teach it to {nameof(CTypes)}.");

    // Handles, addresses, and single numbers; arrays in device memory have elements of another type.
    private static bool IsResult(Type pointee, out string name)
    {
        name = pointee is TypedefType { Declaration.Name: "uint32_t" or "int64_t" } ? Value(pointee, "").Name : "nint";
        return name != "nint" || pointee.Desugar() is PointerType;
    }
}

using System.Reflection;

namespace Compiled.Tests;

/// <summary>Whether a C# method can stand for a C prototype.</summary>
public static class Signature
{
    private static readonly Dictionary<string, Type> Values = new()
    {
        ["cn_status"] = typeof(int),
        ["int32_t"] = typeof(int),
        ["uint32_t"] = typeof(uint),
        ["int64_t"] = typeof(long),
        ["uint64_t"] = typeof(ulong),
        ["float"] = typeof(float),
        ["double"] = typeof(double),
    };

    /// <summary>Whether result and parameters have the types of the prototype, in order, and the names in C#'s spelling.</summary>
    public static bool Fits(string result, string[] parameters, MethodInfo method)
    {
        ParameterInfo[] managed = method.GetParameters();
        return FitsValue(result, method.ReturnType) && managed.Length == parameters.Length
            && parameters.Zip(managed).All(pair => FitsParameter(pair.First, pair.Second));
    }

    private static bool FitsParameter(string parameter, ParameterInfo managed)
    {
        int end = parameter.LastIndexOfAny([' ', '*']) + 1;
        string type = parameter[..end].Trim();
        if (!parameter[end..].Replace("_", "", StringComparison.Ordinal).Equals(managed.Name, StringComparison.OrdinalIgnoreCase))
            return false;
        return managed.ParameterType.IsByRef
            ? FitsReference(type, managed.ParameterType.GetElementType()!, managed.IsIn)
            : FitsValue(type, managed.ParameterType);
    }

    private static bool FitsValue(string type, Type managed) =>
        type.EndsWith('*') ? managed == typeof(nint) : Values.GetValueOrDefault(type) == managed;

    // Only what is constant may be passed by `in`.
    private static bool FitsReference(string type, Type managed, bool isIn)
    {
        bool isConstant = type.StartsWith("const ", StringComparison.Ordinal);
        string pointee = (isConstant ? type["const ".Length..] : type)[..^1];
        return type.EndsWith('*') && isConstant == isIn && (FitsValue(pointee, managed) || pointee == managed.Name);
    }
}

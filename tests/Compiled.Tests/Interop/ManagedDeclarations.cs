using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Compiled.Interop;

namespace Compiled.Tests;

/// <summary>What the bindings declare, as the running program has it.</summary>
public static class ManagedDeclarations
{
    private static readonly Type[] Types = [.. typeof(Native).Assembly.GetTypes()
        .Where(type => type.IsPublic && type.Namespace == typeof(Native).Namespace)];

    /// <summary>The structs of Compiled.Interop.</summary>
    public static IEnumerable<Type> Structs => Types.Where(type => type is { IsValueType: true, IsEnum: false });

    /// <summary>The functions of the native library.</summary>
    public static IEnumerable<MethodInfo> Functions =>
        typeof(Native).GetMethods(BindingFlags.Public | BindingFlags.Static).Where(method => !method.IsSpecialName);

    /// <summary>"enum TYPE NAME VALUE" for each enumerator.</summary>
    public static IEnumerable<string> Enumerators =>
        from type in Types
        where type.IsEnum
        from name in Enum.GetNames(type)
        select $"enum {type.Name} {name} {Convert.ToInt64(Enum.Parse(type, name), null)}";

    /// <summary>"struct NAME SIZE" and "field STRUCT.NAME OFFSET SIZE" lines.</summary>
    public static IEnumerable<string> Layout(Type type)
    {
        // Where managed and marshalled layout are one, the marshaller knows the offsets.
        Assert.Equal(SizeOf(type), Marshal.SizeOf(type));
        FieldInfo[] fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic);
        return
        [
            $"struct {type.Name} {SizeOf(type)}",
            .. fields.Select(field => $"field {type.Name}.{field.Name} {Marshal.OffsetOf(type, field.Name)} {SizeOf(field.FieldType)}"),
        ];
    }

    private static int SizeOf(Type type) =>
        (int)typeof(Unsafe).GetMethod(nameof(Unsafe.SizeOf))!.MakeGenericMethod(type).Invoke(null, null)!;
}

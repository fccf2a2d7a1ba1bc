using CppSharp.AST;

namespace Compiled.Bindings;

/// <summary>What cn_layout_report of a library says that was built from the header: its lines, as clang lays the structs out.</summary>
internal static class LayoutText
{
    public static IEnumerable<string> Lines(HeaderContent header) =>
        [.. header.Structs.SelectMany(Lines), .. header.Functions.Select(function => $"function {function.Name}")];

    private static IEnumerable<string> Lines(Class record) =>
        [$"struct {record.Name} {record.Layout.Size}", .. record.Fields.Select(field => Line(record, field))];

    private static string Line(Class record, Field field)
    {
        uint offset = record.Layout.Fields.Single(laidOut => laidOut.Name == field.Name).Offset;
        return $"field {field.Name} {offset} {CTypes.Value(field.Type, $"{record.Name}.{field.Name}").Size}";
    }
}

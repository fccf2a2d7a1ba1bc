namespace Compiled.Generators;

/// <summary>A layer attribute as written: its kind and its literal arguments, without any location.</summary>
/// <param name="Kind">The attribute's full name without the suffix and type arguments, e.g. <c>Compiled.Conv2D</c>.</param>
/// <param name="Arguments">Constructor and property arguments by camel-case name; those that are not written are absent.</param>
internal sealed record LayerSpec(string Kind, EquatableArray<Argument> Arguments)
{
    /// <summary>Of a block, the name of its class.</summary>
    public string BodyName { get; init; } = "";

    /// <summary>Of a block, its layers.</summary>
    public EquatableArray<LayerSpec> Body { get; init; }

    /// <summary>Of a block, why its class is none.</summary>
    public string? BodyFault { get; init; }
}

/// <summary>A literal argument.</summary>
/// <param name="Name">The parameter or property, in camel case.</param>
/// <param name="Value">
/// A long, double, bool, string, or an <see cref="EquatableArray{T}"/> of long, double or string; enums are their long.
/// </param>
internal sealed record Argument(string Name, object Value);

namespace Compiled.Generators;

/// <summary>A layer attribute as written: its kind and its literal arguments, without any location.</summary>
/// <param name="Kind">The attribute's full name without the suffix, e.g. <c>Compiled.Conv2D</c>.</param>
/// <param name="Arguments">Constructor and property arguments by camel-case name; those that are not written are absent.</param>
internal sealed record LayerSpec(string Kind, EquatableArray<Argument> Arguments);

/// <summary>A literal argument.</summary>
/// <param name="Name">The parameter or property, in camel case.</param>
/// <param name="Value">A long, double, bool, string, or an <see cref="EquatableArray{T}"/> of long; enums are their long.</param>
internal sealed record Argument(string Name, object Value);

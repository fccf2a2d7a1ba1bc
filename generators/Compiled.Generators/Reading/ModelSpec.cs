namespace Compiled.Generators;

/// <summary>A class with [Model] as written. Equal text gives equal specs, wherever it stands: here is no symbol and no location.</summary>
/// <param name="Namespace">Its namespace, empty for the global one.</param>
/// <param name="ContainingTypes">The declarations it is nested in, outermost first, e.g. <c>partial class Outer</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="FullName">Its name with those of its namespace and its containing types, e.g. <c>Examples.Outer+Net</c>.</param>
/// <param name="Options">What is to hold for the whole model.</param>
/// <param name="Members">The names of the members that the user's half declares.</param>
/// <param name="Layers">The layers in lexical order.</param>
/// <param name="IsComplete">False when there is an error already: the compiler's, while one types, or in the members.</param>
internal sealed record ModelSpec(
    string Namespace,
    EquatableArray<string> ContainingTypes,
    string Name,
    string FullName,
    ModelOptions Options,
    EquatableArray<string> Members,
    EquatableArray<LayerSpec> Layers,
    bool IsComplete)
{
    /// <summary>What no other class has in common with this one, the kinds of its containing types among it.</summary>
    public string Identity => $"{Namespace}; {string.Join("; ", ContainingTypes)}; {Name}";
}

namespace Compiled.Generators;

/// <summary>A class with [Model] as written. Equal text gives equal specs, wherever it stands: nothing here is a symbol or a location.</summary>
/// <param name="Namespace">Its namespace, empty for the global one.</param>
/// <param name="ContainingTypes">The declarations it is nested in, outermost first, e.g. <c>partial class Outer</c>.</param>
/// <param name="Name">Its name.</param>
/// <param name="MetadataName">Its full name, for the name of the generated file.</param>
/// <param name="Fused">Whether layers are fused into stages.</param>
/// <param name="Layers">The layers in lexical order.</param>
/// <param name="IsComplete">False while the declaration is being typed: the compiler has something to say about it already.</param>
internal sealed record ModelSpec(
    string Namespace,
    EquatableArray<string> ContainingTypes,
    string Name,
    string MetadataName,
    bool Fused,
    EquatableArray<LayerSpec> Layers,
    bool IsComplete);

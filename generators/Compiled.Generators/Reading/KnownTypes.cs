namespace Compiled.Generators;

/// <summary>The names of the attributes that the reader looks for.</summary>
internal static class KnownTypes
{
    public const string Model = "Compiled.ModelAttribute";
    public const string Block = "Compiled.BlockAttribute";
    public const string Layer = "Compiled.LayerAttribute";
}

namespace Compiled.Generators;

/// <summary>Rows and columns at the four sides of an image.</summary>
internal sealed record Margins(long Top, long Bottom, long Left, long Right)
{
    public string Title => (Top == Bottom, Left == Right, Top == Left) switch
    {
        (true, true, true) => $"{Top}",
        (true, true, false) => $"{Top}×{Left}",
        _ => $"({Top}, {Bottom})×({Left}, {Right})",
    };

    /// <summary>Reads one number for all sides, or height and width, or all four, under names that begin alike.</summary>
    public static Margins Read(LayerArguments arguments, string name, long otherwise)
    {
        long all = arguments.Has(name) ? arguments.AtLeastZero(name, 0) : otherwise;
        long height = arguments.AtLeastZero(name + "Height", all), width = arguments.AtLeastZero(name + "Width", all);
        return new Margins(
            arguments.AtLeastZero("top", height), arguments.AtLeastZero("bottom", height),
            arguments.AtLeastZero("left", width), arguments.AtLeastZero("right", width));
    }
}

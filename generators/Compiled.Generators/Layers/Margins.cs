namespace Compiled.Generators;

/// <summary>Rows and columns at the four sides of an image.</summary>
internal sealed record Margins(long Top, long Bottom, long Left, long Right)
{
    public static Margins None { get; } = new(0, 0, 0, 0);

    public string Title => (Top == Bottom, Left == Right, Top == Left) switch
    {
        (true, true, true) => $"{Top}",
        (true, true, false) => $"{Top}×{Left}",
        _ => $"({Top}, {Bottom})×({Left}, {Right})",
    };

    public static Margins operator +(Margins one, Margins other) =>
        new(one.Top + other.Top, one.Bottom + other.Bottom, one.Left + other.Left, one.Right + other.Right);

    public static Margins operator -(Margins margins) => new(-margins.Top, -margins.Bottom, -margins.Left, -margins.Right);

    /// <summary>
    /// These, below 0 where something is cut off, and then others, as margins in one; null where the others add zeros in place of what was
    /// cut off.
    /// </summary>
    public Margins? TryJoin(Margins then) =>
        Join(Top, then.Top) && Join(Bottom, then.Bottom) && Join(Left, then.Left) && Join(Right, then.Right) ? this + then : null;

    private static bool Join(long one, long then) => one >= 0 || then <= 0;

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

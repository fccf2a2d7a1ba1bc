using System.Linq;

namespace Compiled.Generators;

/// <summary>The shape of a sample: a value, not an operation.</summary>
internal static class InputLayer
{
    public const string Kind = "Compiled.Input";

    public const string BaseName = "input";

    private const int MaxRank = 4;

    public static Shape? Read(LayerArguments arguments, IssueList issues)
    {
        EquatableArray<long> extents = arguments.Integers("shape");
        var shape = new Shape(extents);
        int small = extents.TakeWhile(extent => extent >= 1).Count();
        if (extents.Count is 0 or > MaxRank)
            arguments.OutOfRange(
                "shape", extents.Count == 0 ? "empty" : shape.ToString(), $"1 to {MaxRank} extents, the batch not among them", MaxRank);
        else if (small < extents.Count)
            arguments.OutOfRange("shape", shape.ToString(), "made of extents of at least 1", small);
        else if (shape.Elements > int.MaxValue)
            issues.OnLayer(Rules.TooLarge, 0, "Input", $"has {shape} elements per sample", $"input {shape}", "smaller extents");
        return issues.HasErrors ? null : shape;
    }
}

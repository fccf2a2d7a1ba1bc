using System.Linq;

namespace Compiled.Generators;

/// <summary>Another shape for the same elements, row-major: a view.</summary>
internal sealed record ReshapeOperation(EquatableArray<long> Target) : Operation
{
    private const int MaxRank = 4;

    public override string Title => $"Reshape {new Shape(Target)}";

    public override string BaseName => "reshape";

    public override bool IsView => true;

    public static Operation Read(LayerArguments arguments)
    {
        EquatableArray<long> target = arguments.Integers("targetShape");
        if (target.Count is 0 or > MaxRank)
            arguments.OutOfRange("targetShape", $"{target.Count} extents", $"1 to {MaxRank} extents, the batch not among them");
        else if (target.Any(extent => extent is < 1 and not -1) || target.Count(extent => extent == -1) > 1)
            arguments.OutOfRange("targetShape", new Shape(target).ToString(), "made of extents of at least 1, and one -1 at most, which is worked out");
        return new ReshapeOperation(target);
    }

    public override Shape? Infer(Shape input, LayerPlace place)
    {
        long known = Target.Where(extent => extent != -1).Aggregate(1L, Shape.Multiply);
        bool isWorkedOut = Target.Contains(-1);
        if (isWorkedOut ? input.Elements % known != 0 : input.Elements != known)
        {
            return place.WrongRank(
                $"values of {(isWorkedOut ? $"a multiple of {known}" : $"{known}")} elements", input, $"a shape of {input.Elements} elements");
        }

        return new Shape(Target.Select(extent => extent == -1 ? input.Elements / known : extent).ToEquatableArray());
    }
}

namespace Compiled.Generators;

/// <summary>A vector of the input, row-major: a view.</summary>
internal sealed record FlattenOperation : Operation
{
    public override string Title => "Flatten";

    public override string BaseName => "flatten";

    public override bool IsView => true;

    public override Shape Infer(Shape input, LayerPlace place) => new(input.Elements);
}

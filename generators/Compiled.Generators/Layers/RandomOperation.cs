namespace Compiled.Generators;

/// <summary>A layer that draws random numbers in training.</summary>
internal abstract record RandomOperation : Operation
{
    /// <summary>Which such layer of the network this is, from 0: its random stream.</summary>
    public int Stream { get; init; }

    public override bool IsTrainingOnly => true;
}

using System;
using System.Linq;

namespace Compiled.Generators;

/// <summary>Where in a network a layer stands, for what its shape rule has to report.</summary>
/// <param name="Layer">The layer, from 0.</param>
/// <param name="Title">What to call it.</param>
/// <param name="Chain">Tells the shapes that led here, for people.</param>
/// <param name="Issues">Where to report.</param>
internal sealed record LayerPlace(int Layer, string Title, Func<string> Chain, IssueList Issues)
{
    public Shape? WrongRank(string takes, Shape input, string remedy)
    {
        Issues.OnLayer(Rules.WrongRank, Layer, Title, takes, input.ToString(), Chain(), remedy);
        return null;
    }

    public Shape? TooSmall(Shape input, string? argument, string reason, string remedy)
    {
        Issues.OnArgument(Rules.TooSmall, Layer, argument, Title, input.ToString(), reason, Chain(), remedy);
        return null;
    }

    public Shape? JoinMismatch(EquatableArray<Shape> inputs, string takes, string remedy)
    {
        string shapes = string.Join(" and ", inputs.Select(input => input.ToString()));
        Issues.OnLayer(Rules.JoinMismatch, Layer, Title, takes, shapes, Chain(), remedy);
        return null;
    }

    public void TooLarge(string what) =>
        Issues.OnLayer(Rules.TooLarge, Layer, Title, what, Chain(), "fewer filters or units, or a pooling before it");
}

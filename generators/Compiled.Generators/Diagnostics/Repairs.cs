namespace Compiled.Generators;

/// <summary>What the analyzer tells those who repair the source: the code fixes compile this file, too.</summary>
internal static class Repairs
{
    /// <summary>The property of a diagnostic that holds the one word which repairs it.</summary>
    public const string Word = "Repair";

    /// <summary>A class that is not partial; the word is 'partial'.</summary>
    public const string NotPartial = "CN0001";

    /// <summary>A name that no layer has; the word is the name that was meant.</summary>
    public const string UnknownName = "CN0008";

    /// <summary>A loss of something else than probabilities; the word is the activation that makes them.</summary>
    public const string LossMismatch = "CN0012";
}

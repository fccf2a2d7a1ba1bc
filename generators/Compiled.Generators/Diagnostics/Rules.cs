using Microsoft.CodeAnalysis;

namespace Compiled.Generators;

/// <summary>Every diagnostic of Compiled; each has a page in the folder beside this file.</summary>
internal static class Rules
{
    /// <summary>Where the pages are: a path within the repository, as long as that has no public address.</summary>
    internal const string Pages = "generators/Compiled.Generators/Diagnostics/pages/";

    /// <summary>'{0}' is {1}: {2}.</summary>
    public static readonly DiagnosticDescriptor NotPartial = Error(Repairs.NotPartial, "Class cannot be a model", "'{0}' is {1}: {2}");

    /// <summary>'{0}' has layers on a declaration without [Model]: the network is read from the one declaration that carries [Model], so move them there.</summary>
    public static readonly DiagnosticDescriptor LayersElsewhere = Error("CN0002", "Layers on another declaration", "'{0}' has layers on a declaration without [Model]: the network is read from the one declaration that carries [Model], so move them there");

    /// <summary>{0}: a model begins with exactly one [Input], e.g. [Input(32, 32, 3)].</summary>
    public static readonly DiagnosticDescriptor NoInput = Error("CN0003", "Input missing or misplaced", "{0}: a model begins with exactly one [Input], e.g. [Input(32, 32, 3)]");

    /// <summary>{0}: {1} is {2}; it must be {3}.</summary>
    public static readonly DiagnosticDescriptor OutOfRange = Error("CN0004", "Value out of range", "{0}: {1} is {2}; it must be {3}");

    /// <summary>{0} cannot take a {1} input: {2}. {3}. Remedy: {4}.</summary>
    public static readonly DiagnosticDescriptor TooSmall = Error("CN0005", "Output smaller than one", "{0} cannot take a {1} input: {2}. {3}. Remedy: {4}");

    /// <summary>{0} {1}; the limit is 2,147,483,647 elements. {2}. Remedy: {3}.</summary>
    public static readonly DiagnosticDescriptor TooLarge = Error("CN0006", "Size too large", "{0} {1}; the limit is 2,147,483,647 elements. {2}. Remedy: {3}");

    /// <summary>'{0}' derives from LayerAttribute, but this version of Compiled does not know it: use a layer of the Compiled namespace.</summary>
    public static readonly DiagnosticDescriptor UnknownLayer = Error("CN0007", "Unknown layer", "'{0}' derives from LayerAttribute, but this version of Compiled does not know it: use a layer of the Compiled namespace");

    /// <summary>There is no layer '{0}' before this one{1}.</summary>
    public static readonly DiagnosticDescriptor UnknownName = Error(Repairs.UnknownName, "Unknown layer name", "There is no layer '{0}' before this one{1}");

    /// <summary>The name '{0}' is taken by an earlier layer: names are unique in a model.</summary>
    public static readonly DiagnosticDescriptor DuplicateName = Error("CN0009", "Layer name used twice", "The name '{0}' is taken by an earlier layer: names are unique in a model");

    /// <summary>{0} takes {1}, but its input is {2}. {3}. Remedy: {4}.</summary>
    public static readonly DiagnosticDescriptor WrongRank = Error("CN0010", "Input of the wrong rank", "{0} takes {1}, but its input is {2}. {3}. Remedy: {4}");

    /// <summary>{0}: a model ends with exactly one loss, e.g. [CategoricalCrossentropy].</summary>
    public static readonly DiagnosticDescriptor NoLoss = Error("CN0011", "Loss missing or misplaced", "{0}: a model ends with exactly one loss, e.g. [CategoricalCrossentropy]");

    /// <summary>{0} does not fit {1}: {2}.</summary>
    public static readonly DiagnosticDescriptor LossMismatch = Error(Repairs.LossMismatch, "Loss does not fit the output", "{0} does not fit {1}: {2}");

    /// <summary>{0} follows another softmax: applied twice it flattens the probabilities and training stalls; remove one.</summary>
    public static readonly DiagnosticDescriptor SoftmaxTwice = Error("CN0013", "Softmax applied twice", "{0} follows another softmax: applied twice it flattens the probabilities and training stalls; remove one");

    /// <summary>The output of {0} reaches no loss: remove it, or read it with From.</summary>
    public static readonly DiagnosticDescriptor DeadLayer = Warning("CN0014", "Layer without effect", "The output of {0} reaches no loss: remove it, or read it with From");

    /// <summary>'{0}' {1}: {2}.</summary>
    public static readonly DiagnosticDescriptor ClassConflict = Error("CN0015", "Class conflicts with its generated half", "'{0}' {1}: {2}");

    /// <summary>{0} {1}, but its inputs are {2}. {3}. Remedy: {4}.</summary>
    public static readonly DiagnosticDescriptor JoinMismatch = Error("CN0016", "Branches do not fit", "{0} {1}, but its inputs are {2}. {3}. Remedy: {4}");

    /// <summary>{0}.</summary>
    public static readonly DiagnosticDescriptor BadBlock = Error("CN0017", "Block cannot be used", "{0}");

    private static DiagnosticDescriptor Error(string id, string title, string message) => Make(id, title, message, DiagnosticSeverity.Error);

    private static DiagnosticDescriptor Warning(string id, string title, string message) => Make(id, title, message, DiagnosticSeverity.Warning);

    // An error cannot be configured away: the program would be built with a half that only throws.
    private static DiagnosticDescriptor Make(string id, string title, string message, DiagnosticSeverity severity) =>
        new(
            id, title, message, "Compiled", severity, isEnabledByDefault: true, helpLinkUri: $"{Pages}{id}.md",
            customTags: severity == DiagnosticSeverity.Error ? [WellKnownDiagnosticTags.NotConfigurable] : []);
}

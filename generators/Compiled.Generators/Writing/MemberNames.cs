using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Compiled.Generators;

/// <summary>The names of the members that give access to the weights of each layer.</summary>
internal sealed class MemberNames(string className)
{
    /// <summary>What every generated half overrides.</summary>
    public static readonly string[] Passes = ["ForwardCore", "BackwardCore", "PredictCore", "EvaluateCore"];

    private static readonly string[] Called =
    [
        "BatchSize", "Check", "Create", "FoldCore", "Folded", "Gradient", "Metrics", "Parameter", "PredictStages", "SampleWeights", "State", "Sums", "Value", "Weights", "_loss", "_sigmoid",
        "_softmax", "s_plan",
    ];

    // What else a model has.
    private static readonly string[] Inherited =
    [
        "ApplyGradients", "ArenaBytes", "ComputeGradients", "Device", "Dispose", "Equals", "Evaluate", "Finalize", "Fit", "GetHashCode",
        "GetType", "KernelsPerStep", "LoadWeights", "MemberwiseClone", "OpFactory", "Plan", "Predict", "PredictOnBatch", "ReferenceEquals", "SaveWeights", "Seed", "Step",
        "Summary", "TestOnBatch", "ToString", "TrainOnBatch", "UseAverages",
    ];

    private readonly HashSet<string> _used = new(Passes.Concat(Called).Concat(Inherited), StringComparer.Ordinal) { className };

    /// <summary>Whether every generated half declares a member of this name, even one for a declaration with errors.</summary>
    public static bool IsInEveryHalf(string name) => name == "s_plan" || Passes.Contains(name);

    /// <summary>Whether generated code has or calls a member of this name.</summary>
    public static bool IsReserved(string name) => IsInEveryHalf(name) || Called.Contains(name) || IsNumbered(name, "_stage") || IsNumbered(name, "_predict") || IsNumbered(name, "_fold") || IsNumbered(name, "_metric");

    /// <summary>A name for each layer with weights, by node.</summary>
    public static Dictionary<int, string> Of(Graph graph, string className)
    {
        var names = new MemberNames(className);
        return graph.Nodes.Where(node => node.Operation.WeightsType is not null)
            .ToDictionary(node => node.Id, node => names.Next(node.Layer));
    }

    /// <summary>The member for the next layer with weights.</summary>
    public string Next(string layer)
    {
        string name = Pascal(layer);
        while (!_used.Add(name))
            name += "Layer";
        return name;
    }

    private static bool IsNumbered(string name, string field) =>
        name.StartsWith(field, StringComparison.Ordinal) && name.Skip(field.Length).All(char.IsDigit);

    private static string Pascal(string layer)
    {
        var text = new StringBuilder();
        foreach (string part in layer.Split(['_', '/'], StringSplitOptions.RemoveEmptyEntries))
        {
            // As the attribute is written: conv2d_1 is Conv2D1.
            string word = part == "conv2d" ? "Conv2D" : part;
            text.Append(char.ToUpperInvariant(word[0])).Append(word, 1, word.Length - 1);
        }

        return text.ToString();
    }
}

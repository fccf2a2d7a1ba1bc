using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;

namespace Compiled.Generators;

/// <summary>The names of the members that give access to the weights of each layer.</summary>
internal static class MemberNames
{
    private static readonly HashSet<string> Taken = new(StringComparer.Ordinal)
    {
        "ArenaBytes", "BackwardCore", "BatchSize", "Check", "ComputeGradients", "CreateActivation", "CreateConv2D", "CreateDense", "CreateDropout",
        "CreateLoss", "CreateMaxPooling2D", "CreateSoftmax", "Device", "Dispose", "Equals", "Evaluate", "EvaluateCore", "Finalize", "Fit", "ForwardCore",
        "GetHashCode", "GetType", "Gradient", "LoadWeights", "MemberwiseClone", "Metrics", "Parameter", "Plan", "Predict", "PredictCore", "PredictOnBatch",
        "ReferenceEquals", "SaveWeights", "Seed", "State", "Step", "Summary", "TestOnBatch", "ToString", "TrainOnBatch", "Value", "Weights", "ModelPlan",
    };

    private static readonly HashSet<string> Passes =
        new(StringComparer.Ordinal) { "ForwardCore", "BackwardCore", "PredictCore", "EvaluateCore" };

    private static readonly HashSet<string> Called = new(StringComparer.Ordinal)
    {
        "Check", "CreateActivation", "CreateConv2D", "CreateDense", "CreateDropout", "CreateLoss", "CreateMaxPooling2D", "CreateSoftmax", "Gradient", "Metrics",
        "Parameter", "State", "Value", "Weights", "_loss", "_softmax", "s_plan",
    };

    /// <summary>Whether a member of this name is one of the passes that every generated half overrides.</summary>
    public static bool IsPass(string name) => Passes.Contains(name);

    /// <summary>Whether generated code has or calls a member of this name.</summary>
    public static bool IsReserved(string name) =>
        IsPass(name) || Called.Contains(name) || (name.StartsWith("_stage", StringComparison.Ordinal) && name.Skip("_stage".Length).All(char.IsDigit));

    /// <summary>A name for each layer with weights, by node.</summary>
    public static Dictionary<int, string> Of(Graph graph, string className)
    {
        var used = new HashSet<string>(Taken, StringComparer.Ordinal) { className };
        var names = new Dictionary<int, string>();
        foreach (Node node in graph.Nodes.Where(node => node.Operation.WeightsType is not null))
        {
            string name = Pascal(node);
            while (!used.Add(name))
                name += "Layer";
            names[node.Id] = name;
        }

        return names;
    }

    private static string Pascal(Node node)
    {
        // As the attribute is written: conv2d_1 is Conv2D1.
        string name = node.Name.StartsWith("conv2d_", StringComparison.Ordinal) ? "Conv2D_" + node.Name.Substring("conv2d_".Length) : node.Name;
        var text = new StringBuilder();
        foreach (string word in name.Split(['_'], StringSplitOptions.RemoveEmptyEntries))
            text.Append(char.ToUpperInvariant(word[0])).Append(word, 1, word.Length - 1);
        return text.ToString();
    }
}

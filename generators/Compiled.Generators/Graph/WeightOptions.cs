using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>What a layer attribute says of its weights. The properties of a weight begin with its name: <c>KernelInitializer</c>.</summary>
internal sealed class WeightOptions(LayerArguments arguments)
{
    private const string KernelSuffix = "_kernel";

    /// <summary>The weights of a part of the layer as they were asked for.</summary>
    public EquatableArray<ParameterSpec> Apply(EquatableArray<ParameterSpec> parameters) =>
        parameters.Select(Apply).ToEquatableArray();

    private ParameterSpec Apply(ParameterSpec spec)
    {
        spec = Initialized(spec);
        double l1 = arguments.NonNegative(Property(spec.Name, "L1"), 0), l2 = arguments.NonNegative(Property(spec.Name, "L2"), 0);
        ConstraintSpec? constraint = ReadConstraint(Property(spec.Name, "Constraint"));
        // What is not trained has no penalty and no constraint (Keras 3).
        return spec.Trainable && arguments.Flag("trainable", true)
            ? spec with { L1 = l1, L2 = l2, Constraint = constraint }
            : spec with { Trainable = false };
    }

    private ConstraintSpec? ReadConstraint(string property)
    {
        string name = ConstraintNames.All[arguments.Choice(property, ConstraintNames.All.Count)];
        bool hasRange = name == "MinMaxNorm", hasMaximum = hasRange || name == "MaxNorm";
        double maximum = ReadConstraintNumber(property + "Value", hasMaximum, hasRange ? 1 : 2, float.MaxValue, name);
        double minimum = ReadConstraintNumber(property + "Minimum", hasRange, 0, maximum, name);
        double rate = ReadConstraintNumber(property + "Rate", hasRange, 1, 1, name);
        return name == "None" ? null : new ConstraintSpec(name, minimum, maximum, rate);
    }

    private double ReadConstraintNumber(string property, bool isTaken, double otherwise, double most, string constraint)
    {
        double value = arguments.Number(property, double.NaN);
        if (double.IsNaN(value))
            return isTaken ? otherwise : 0;
        if (!isTaken)
        {
            arguments.OutOfRange(property, LayerArguments.Text(value), $"left out: {constraint} has no such parameter");
        }
        else if (!(value >= 0 && value <= most))
        {
            string allowed = most == float.MaxValue ? "at least 0 and finite" : $"from 0 to {LayerArguments.Text(most)}";
            arguments.OutOfRange(property, LayerArguments.Text(value), allowed);
        }

        return value;
    }

    private ParameterSpec Initialized(ParameterSpec spec)
    {
        string initializer = Property(spec.Name, "Initializer");
        if (!arguments.Has(initializer))
            return spec;
        string name = InitializerNames.All[arguments.Choice(initializer, InitializerNames.All.Count)];
        double value = arguments.Number(initializer + "Value", double.NaN);
        Require(spec, initializer, name, value);
        return spec with { Initializer = name, InitializerValue = double.IsNaN(value) ? null : value };
    }

    private void Require(ParameterSpec spec, string property, string initializer, double value)
    {
        bool needsMatrix = initializer == "Orthogonal" ? spec.Shape.Rank < 2 : initializer == "Identity" && spec.Shape.Rank != 2;
        if (needsMatrix)
            arguments.OutOfRange(property, $"{initializer} for a {spec.Name} of {spec.Shape}", $"an initializer of {(spec.Shape.Rank < 2 ? "vectors" : "kernels with windows")}");
        if (double.IsNaN(value))
            return;
        if (!InitializerNames.HasValue(initializer))
            arguments.OutOfRange(property + "Value", LayerArguments.Text(value), $"left out: {initializer} has no parameter");
        else if (Math.Abs(value) > float.MaxValue || (value < 0 && CannotBeNegative(spec, initializer)))
            arguments.OutOfRange(property + "Value", LayerArguments.Text(value), CannotBeNegative(spec, initializer) ? "at least 0 and finite" : "finite");
    }

    private static bool CannotBeNegative(ParameterSpec spec, string initializer) =>
        InitializerNames.IsSpread(initializer) || (initializer == "Constant" && spec.Name == "moving_variance");

    /// <summary>The property of a weight: of a depthwise_kernel it begins with depthwise, as in Keras, of a moving_mean with movingMean.</summary>
    private static string Property(string weight, string what)
    {
        string[] words = (weight.EndsWith(KernelSuffix, StringComparison.Ordinal) ? weight.Substring(0, weight.Length - KernelSuffix.Length) : weight)
            .Split('_');
        return words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word.Substring(1))) + what;
    }
}

/// <summary>The members of Compiled.Constraint.</summary>
internal static class ConstraintNames
{
    public static IReadOnlyList<string> All { get; } = ["None", "MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm"];
}

/// <summary>The members of Compiled.Initializer.</summary>
internal static class InitializerNames
{
    public static IReadOnlyList<string> All { get; } =
    [
        "Zeros", "Ones", "GlorotUniform", "GlorotNormal", "HeUniform", "HeNormal", "LecunUniform", "LecunNormal", "Constant", "RandomNormal",
        "RandomUniform", "TruncatedNormal", "Orthogonal", "Identity", "FanInUniform", "FanInNormal", "FanInUntruncatedNormal",
        "FanOutUniform", "FanOutNormal", "FanOutUntruncatedNormal", "FanAvgUniform", "FanAvgNormal", "FanAvgUntruncatedNormal",
    ];

    /// <summary>Whether the parameter is a deviation, a bound, or the scale of a variance: at least 0.</summary>
    public static bool IsSpread(string name) =>
        name is "RandomNormal" or "RandomUniform" or "TruncatedNormal" || name.StartsWith("Fan", StringComparison.Ordinal);

    public static bool HasValue(string name) => IsSpread(name) || name is "Constant" or "Orthogonal" or "Identity";
}

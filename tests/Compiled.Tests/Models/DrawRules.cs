using System.Collections.Immutable;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>What networks ask of their weights: of most of them, nothing.</summary>
internal static class DrawRules
{
    private static readonly Gen<WeightRule> Penalties =
        Gen.Select(Gen.OneOf(0, 0.01, 0.05), Gen.OneOf(0.02, 0.1), (l1, l2) => new WeightRule(l1, l2));

    private static readonly Gen<WeightRule> Constraints = Gen.OneOf(
        Gen.Const(new WeightRule(Constraint: "NonNeg")),
        Gen.Const(new WeightRule(Constraint: "UnitNorm")),
        Gen.OneOf(0.25, 1).Select(maximum => new WeightRule(Constraint: "MaxNorm", Maximum: maximum)),
        Gen.OneOf(0.5, 1).Select(rate => new WeightRule(L2: 0.05, Constraint: "MinMaxNorm", Maximum: 0.75, Minimum: 0.25, Rate: rate)));

    private static readonly Gen<WeightRule> Rules = Gen.Frequency((6, Gen.Const(WeightRule.None)), (1, Penalties), (1, Constraints));

    private static readonly Gen<bool> Learns = Gen.Frequency((6, Gen.Const(true)), (1, Gen.Const(false)));

    /// <summary>The network with rules for its weights, and layers that do not learn.</summary>
    public static Gen<Network> Of(Network network) =>
        from layers in All([.. network.Layers])
        select network with { Layers = layers };

    private static Gen<ImmutableList<Layer>> All(ImmutableList<Layer> layers) => layers.IsEmpty
        ? Gen.Const(layers)
        : from first in One(layers[0])
          from rest in All(layers.RemoveAt(0))
          select rest.Insert(0, first);

    private static Gen<Layer> One(Layer layer) => layer is WeightedLayer weighted
        ? Gen.Select(Rules, Rules, Learns, (kernel, bias, learns) => (Layer)(weighted with
        {
            Kernel = kernel,
            Bias = weighted.UseBias ? bias : WeightRule.None,
            Trainable = learns,
        }))
        : Gen.Const(layer);
}

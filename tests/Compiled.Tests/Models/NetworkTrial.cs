using System.Reflection;
using Compiled.Reference;
using CsCheck;
using Xunit.Sdk;

namespace Compiled.Tests;

/// <summary>A network, the batch size it is made for and the samples that it is given.</summary>
internal sealed record NetworkTrial(Network Network, int BatchSize, int Rows)
{
    /// <summary>How far a decision must be from its alternative; rounding is an order of magnitude below.</summary>
    private const double SafeMargin = 1e-5;

    /// <summary>Four times the distance of 1 from the next float: what rounding may add to a sum, for each root of a term.</summary>
    private const double Rounding = 4.8e-7;

    private const int MostBatches = 20;

    /// <summary>How much further another order of rounding may lead than the one that was tried.</summary>
    private const double WaysToRound = 8;

    /// <summary>Where rounding may add up to more, errors could hide.</summary>
    private const double MostLimit = 1e-3;

    /// <summary>Layers in a row.</summary>
    public static readonly Gen<NetworkTrial> Chains = Of(DrawNetwork.Any).Where(trial => trial.IsSafe);

    /// <summary>Layers that branch and join.</summary>
    public static readonly Gen<NetworkTrial> Branches = Of(DrawBranches.Any).Where(trial => trial.IsSafe);

    /// <summary>Convolutions of all kinds.</summary>
    public static readonly Gen<NetworkTrial> Convolutions = Of(DrawConvolutions.Any);

    /// <summary>Whether there is data on which decisions do not depend on rounding.</summary>
    public bool IsSafe => FindSafeData() is not null;

    private static Gen<NetworkTrial> Of(Gen<Network> networks) =>
        from network in networks
        from batchSize in Gen.Int[NormalizesOverBatch(network) ? 2 : 1, 5] // of one sample it would be an error
        from rows in Gen.Int[1, batchSize]
        select new NetworkTrial(network, batchSize, rows);

    private static bool NormalizesOverBatch(Network network)
    {
        IReadOnlyList<IReadOnlyList<int>> shapes = network.Shapes();
        return network.Layers.Where((layer, i) => layer is BatchNormalizationLayer { Trainable: true }
            && Tensor.Size(shapes[i + 1]) == shapes[i + 1][^1]).Any();
    }

    /// <summary>All trials in one assembly, as fused and unfused classes.</summary>
    public static (Type Fused, Type Unfused)[] Compile(IReadOnlyList<NetworkTrial> trials)
    {
        IEnumerable<string> sources = trials.Select((trial, i) =>
            $"{trial.Network.Declare($"Fused{i}", fused: true)}\n{trial.Network.Declare($"Unfused{i}", fused: false)}\n");
        Assembly assembly = ModelCompiler.Compile("namespace Drawn;\n" + string.Concat(sources));
        Type Find(string name) => assembly.GetType($"Drawn.{name}", throwOnError: true)!;
        return [.. trials.Select((_, i) => (Find($"Fused{i}"), Find($"Unfused{i}")))];
    }

    /// <summary>Requires that a network computes what the reference does, fused and unfused, on every target.</summary>
    public static void Require(Network network)
    {
        Assert.True(DrawNetwork.IsValid(network));
        var trial = new NetworkTrial(network, BatchSize: 4, Rows: 3);
        (Type, Type) types = Compile([trial])[0];
        foreach (Target target in Target.Scheduled)
        {
            foreach (int threads in target.ThreadCounts(1, 2))
            {
                if (NetworkRun.Run(trial, types, target, threads) is { } fault)
                    Assert.Fail($"{target}, {threads} threads: {fault.Message}\n{network}");
            }
        }
    }

    /// <summary>Holds the fused model against the unfused one, and both against the reference.</summary>
    public void Run((Type Fused, Type Unfused) types, Device device, Target target)
    {
        (TrialData data, Trajectory reference, double limit) = FindSafeData()
            ?? throw new XunitException($"none of {MostBatches} batches is safe from rounding");
        Trajectory unfused = Trajectory.OfModel(types.Unfused, device, BatchSize, data);
        Trajectory fused = Trajectory.OfModel(types.Fused, device, BatchSize, data);
        // A fused model multiplies normalizations into kernels.
        if (target.FusesExactly && !Network.Layers.Any(layer => layer is BatchNormalizationLayer))
            Assert.True(fused.Prediction.AsSpan().SequenceEqual(unfused.Prediction), "fused and unfused predict different bits");
        if (target.FusesExactly && FusedRounding.IsThatOfLayers(Network))
            Named("fused against unfused, bit for bit", () => fused.RequireSame(unfused));
        else
            Named("fused against unfused", () => fused.RequireClose(unfused, limit));
        Named("unfused against the reference", () => unfused.RequireClose(reference, limit));
        Named("fused against the reference", () => fused.RequireClose(reference, limit));
    }

    public override string ToString() => $"{Rows} samples at batch size {BatchSize}:\n{Network}";

    private static void Named(string what, Action check)
    {
        try
        {
            check();
        }
        catch (XunitException fault)
        {
            throw new XunitException($"{what}: {fault.Message}", fault);
        }
    }

    /// <summary>Data on which rounding adds up to little and cannot turn a ReLU on or off, or change the maximum of a window; null if none was found.</summary>
    private (TrialData Data, Trajectory Reference, double Limit)? FindSafeData()
    {
        for (int seed = 0; seed < MostBatches; seed++)
        {
            TrialData data = TrialData.Of(Network, Rows, seed);
            (Trajectory reference, double margin) = Trajectory.OfReference(Network, data);
            if (margin >= SafeMargin && Limit(data, reference) is var limit and <= MostLimit)
                return (data, reference, limit);
        }

        return null;
    }

    /// <summary>
    /// What rounding may add up to. A normalization divides by what its channel spreads, and enlarges the errors of values that spread
    /// little: how much, is seen from the reference when it wobbles.
    /// </summary>
    private double Limit(TrialData data, Trajectory reference)
    {
        double limit = (Rounding * Math.Sqrt(Terms())) + LostByProbabilities(reference);
        if (!Network.Layers.Any(layer => layer is BatchNormalizationLayer or LayerNormalizationLayer))
            return limit;
        (Trajectory wobbled, _) = Trajectory.OfReference(Network, data, wobbles: true);
        return limit + (WaysToRound * wobbled.Distance(reference));
    }

    /// <summary>What is left of 1 above a probability has few digits, where the loss is not computed from logits.</summary>
    private double LostByProbabilities(Trajectory reference) =>
        Network.Loss == "binary_crossentropy" ? Rounding / (1 - reference.Prediction.Max()) : 0;

    /// <summary>The terms of all sums that a number may have gone through: forward, backward, and over the batch.</summary>
    private double Terms()
    {
        IReadOnlyList<IReadOnlyList<int>> shapes = Network.Shapes();
        int Positions(int layer) => Tensor.Size(shapes[layer + 1]) / shapes[layer + 1][^1];
        int OfWeight(int layer, LayerWeight weight) => weight.Name switch
        {
            var name when name.EndsWith("kernel", StringComparison.Ordinal) => (Tensor.Size(weight.Shape) / weight.Shape[^1]) + (Tensor.Size(weight.Shape) / weight.Shape[^2]) + (Rows * Positions(layer)),
            "moving_variance" => 2 * Rows * Positions(layer),
            _ => 0,
        };
        return shapes[^1][^1] + Network.Weights().Sum(pair => OfWeight(pair.Layer, pair.Weight))
            + Network.Layers.Sum(layer => layer.Others.Count);
    }
}

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

    public static readonly Gen<NetworkTrial> Any =
        from network in DrawNetwork.Any
        from batchSize in Gen.Int[1, 5]
        from rows in Gen.Int[1, batchSize]
        select new NetworkTrial(network, batchSize, rows);

    /// <summary>All trials in one assembly, as fused and unfused classes.</summary>
    public static (Type Fused, Type Unfused)[] Compile(IReadOnlyList<NetworkTrial> trials)
    {
        IEnumerable<string> sources = trials.Select((trial, i) =>
            $"{trial.Network.Declare($"Fused{i}", fused: true)}\n{trial.Network.Declare($"Unfused{i}", fused: false)}\n");
        Assembly assembly = ModelCompiler.Compile("namespace Drawn;\n" + string.Concat(sources));
        Type Find(string name) => assembly.GetType($"Drawn.{name}", throwOnError: true)!;
        return [.. trials.Select((_, i) => (Find($"Fused{i}"), Find($"Unfused{i}")))];
    }

    /// <summary>Holds the fused model against the unfused one, and both against the reference.</summary>
    public void Run((Type Fused, Type Unfused) types, Device device, Target target)
    {
        (TrialData data, Trajectory reference) = FindSafeData();
        Trajectory unfused = Trajectory.OfModel(types.Unfused, device, BatchSize, data);
        Trajectory fused = Trajectory.OfModel(types.Fused, device, BatchSize, data);
        double limit = Rounding * Math.Sqrt(Terms());
        if (target.FusesExactly)
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

    /// <summary>Data on which rounding cannot turn a ReLU on or off, or change the maximum of a window.</summary>
    private (TrialData Data, Trajectory Reference) FindSafeData()
    {
        const int Most = 20;
        for (int seed = 0; seed < Most; seed++)
        {
            TrialData data = TrialData.Of(Network, Rows, seed);
            (Trajectory reference, double margin) = Trajectory.OfReference(Network, data);
            if (margin >= SafeMargin)
                return (data, reference);
        }

        throw new XunitException($"none of {Most} batches is safe from rounding");
    }

    /// <summary>The terms of all sums that a number may have gone through: forward, backward, and over the batch.</summary>
    private double Terms() => Network.Shapes()[^1][^1] + TrialData.Kernels(Network).Sum(layer =>
        (Tensor.Size(layer.Kernel) / layer.Kernel[^1]) + (Tensor.Size(layer.Kernel) / layer.Kernel[^2]) + (Rows * layer.Positions));
}

using System.Reflection;

namespace Compiled.Tests;

/// <summary>
/// Layers that read an earlier value by name. A layer has one input and a network one loss, so all that a branch can be is a dead end: it
/// costs nothing and changes nothing.
/// </summary>
public sealed class DeadBranchTests
{
    private static readonly Assembly Models = ModelCompiler.Compile(string.Join('\n', "namespace Branches;",
        Declare("Plain"),
        // Each would otherwise break up a stage, keep a value alive, want rows that are trimmed, or shift a random stream.
        Declare("OfTheConvolution", ofStem: "[Compiled.Dense(7, Name = \"side\"), Compiled.Dropout(0.5), Compiled.Sigmoid]"),
        Declare("OfTheActivation",
            ofActive: "[Compiled.Conv2D(3, 9, Padding = Compiled.Padding.Same, Name = \"side\"), Compiled.Dropout(0.1)]"),
        Declare("OfThePooling", ofPooled: "[Compiled.MaxPooling2D(3, Name = \"side\")]"),
        Declare("OfTheStage", ofDropped: "[Compiled.Flatten, Compiled.Dense(50, Name = \"side\"), Compiled.Softmax]")));

    public static TheoryData<string> Branches => new("OfTheConvolution", "OfTheActivation", "OfThePooling", "OfTheStage");

    [Theory]
    [MemberData(nameof(Branches))]
    public void A_dead_branch_is_not_part_of_the_plan(string name)
    {
        using Model plain = Create("Plain"), branched = Create(name);
        Assert.Equal(plain.Plan.Parameters.Select(Text), branched.Plan.Parameters.Select(Text));
        Assert.Equal(plain.Plan.ParameterBytes, branched.Plan.ParameterBytes);
        Assert.Equal(plain.Plan.ValueBytesPerSample, branched.Plan.ValueBytesPerSample);
        Assert.Equal(plain.Plan.NativeCallsPerStep, branched.Plan.NativeCallsPerStep);
        Assert.Equal(plain.Plan.Layers.Select(Text), branched.Plan.Layers.Select(Text));
        Assert.DoesNotContain("side", branched.Summary(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Branches))]
    public void A_dead_branch_changes_no_bit(string name)
    {
        using Model plain = Create("Plain"), branched = Create(name);
        float[] inputs = Draw.Reals(1, 4, 9, 9, 2).ToFloats();
        int[] classIds = [0, 3, 1, 2];
        var adam = new Adam(0.01);
        for (int step = 0; step < 5; step++)
            Assert.Equal(plain.TrainOnBatch(inputs, classIds, adam), branched.TrainOnBatch(inputs, classIds, adam));
        for (int i = 0; i < plain.Weights.Count; i++)
            Compare.Same(plain.Weights[i].Name, plain.Weights[i].Span, branched.Weights[i].Span);
    }

    [Fact]
    public void A_chain_by_names_is_the_chain()
    {
        using Model plain = Create("Plain");
        // Convolution, activation, pooling and dropout are one stage, although each was asked for by name.
        Assert.Equal([1, 1, 1, 1, 2, 2, 2, 2, 3, 4, 4], plain.Plan.Layers.Select(layer => layer.Stage));
    }

    // Names are left out: those that are numbered count the dead layers too.
    private static string Text(LayerPlan layer) => $"{layer.Kind} {string.Join('×', layer.OutputShape)} in stage {layer.Stage}";

    private static string Text(ParameterPlan weight) => $"{weight} {string.Join('×', weight.Shape)}";

    private static Model Create(string name) =>
        ModelCompiler.Create(Models.GetType($"Branches.{name}", throwOnError: true)!, Device.Default, batchSize: 4, seed: 3);

    private static string Declare(string name, string ofStem = "", string ofActive = "", string ofPooled = "", string ofDropped = "") =>
        $"""
        [Compiled.Model]
        [Compiled.Input(9, 9, 2)]
        [Compiled.Conv2D(5, 3, Name = "stem")]
        {ofStem}
        [Compiled.ReLU(From = "stem", Name = "active")]
        {ofActive}
        [Compiled.MaxPooling2D(2, From = "active", Name = "pooled")]
        {ofPooled}
        [Compiled.Dropout(0.25, From = "pooled", Name = "dropped")]
        {ofDropped}
        [Compiled.Conv2D(6, 2, From = "dropped", Name = "second"), Compiled.Tanh, Compiled.Dropout(0.5)]
        [Compiled.Flatten, Compiled.Dense(4, Name = "head"), Compiled.Softmax, Compiled.CategoricalCrossentropy]
        public sealed partial class {name};
        """;
}

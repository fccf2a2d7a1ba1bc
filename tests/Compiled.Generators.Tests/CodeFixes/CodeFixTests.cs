using Compiled.CodeFixes;

namespace Compiled.Generators.Tests;

/// <summary>What an editor offers to repair, and what it makes of the source.</summary>
public sealed class CodeFixTests
{
    private const string Head = "using Compiled;\n[Model, Input(3)]\n";
    private const string Tail = "\npublic sealed partial class Net;";

    [Theory]
    [InlineData("[Dense(2), CategoricalCrossentropy]", "[Dense(2), Softmax, CategoricalCrossentropy]", "Softmax")]
    [InlineData("[Dense(2)]\n[SparseCategoricalCrossentropy]", "[Dense(2)]\n[Softmax, SparseCategoricalCrossentropy]", "Softmax")]
    [InlineData("[Dense(1),\n    BinaryCrossentropy(LabelSmoothing = 0.1)]", "[Dense(1),\n    Sigmoid, BinaryCrossentropy(LabelSmoothing = 0.1)]", "Sigmoid")]
    [InlineData(
        "[Dense(2, Activation = Activation.ReLU), Compiled.CategoricalCrossentropy, System.Serializable]",
        "[Dense(2, Activation = Activation.ReLU), Compiled.Softmax, Compiled.CategoricalCrossentropy, System.Serializable]", "Softmax")]
    public async Task A_cross_entropy_without_probabilities(string broken, string repaired, string layer) =>
        Assert.Equal($"Insert [{layer}]", await Repair.One(new InsertActivation(), Head + broken + Tail, Head + repaired + Tail));

    [Theory]
    [InlineData("CategoricalCrossentropy(From = \"a\")", "Softmax(From = \"a\"), CategoricalCrossentropy")]
    [InlineData(
        "CategoricalCrossentropy(From = \"a\", Name = \"loss\")", "Softmax(From = \"a\"), CategoricalCrossentropy(Name = \"loss\")")]
    public async Task What_the_loss_reads_the_activation_reads(string broken, string repaired) =>
        await Repair.One(
            new InsertActivation(), $"{Head}[Dense(2, Name = \"a\"), {broken}]{Tail}", $"{Head}[Dense(2, Name = \"a\"), {repaired}]{Tail}");

    [Theory]
    [InlineData("[Dense(1), CategoricalCrossentropy]")]
    [InlineData("[Dense(2), Softmax, CategoricalCrossentropy(FromLogits = true)]")]
    public async Task A_cross_entropy_that_needs_something_else(string broken) =>
        await Repair.None(new InsertActivation(), Head + broken + Tail);

    [Theory]
    [InlineData("ReLU(From = \"lefd\")", "ReLU(From = \"left\")")]
    [InlineData("Add(\"lefd\")", "Add(\"left\")")]
    [InlineData("Concatenate(\"left\", \"input_1\", @\"lefd\", Axis = 1)", "Concatenate(\"left\", \"input_1\", \"left\", Axis = 1)")]
    [InlineData("Add(/* sum */ \"lefd\" /* and */, \"left\")", "Add(/* sum */ \"left\" /* and */, \"left\")")]
    public async Task A_name_like_another(string broken, string repaired) =>
        Assert.Equal("Change to 'left'", await Repair.One(new UseKnownName(), Branch(broken), Branch(repaired)));

    [Theory]
    [InlineData("Add(\"nothing_like_it\")")]
    [InlineData("Add(nameof(Left))")]
    public async Task A_name_that_cannot_be_repaired(string broken) =>
        await Repair.None(new UseKnownName(), $"{Branch(broken)}\npublic class Left;");

    [Fact]
    public async Task A_name_inside_a_block() =>
        await Repair.None(
            new UseKnownName(), $"{Branch("Block<Part>(From = \"left\")")}\n[Block, ReLU(From = \"inptu\")]\npublic sealed class Part;");

    [Theory]
    [InlineData("public sealed class Net;", "public sealed partial class Net;")]
    [InlineData("class Net;", "partial class Net;")]
    [InlineData("// The net.\n/* It */ class Net { }", "// The net.\n/* It */ partial class Net { }")]
    public async Task A_class_that_is_not_partial(string broken, string repaired)
    {
        const string Attributes = "using Compiled;\n[Model, Input(3), Dense(2), MeanSquaredError]\n";
        Assert.Equal("Add 'partial'", await Repair.One(new MakePartial(), Attributes + broken, Attributes + repaired));
    }

    [Fact]
    public async Task A_class_around_a_model() =>
        await Repair.One(
            new MakePartial(), Around("class Outer", Nested("Net", "partial ")), Around("partial class Outer", Nested("Net", "partial ")));

    [Theory]
    [InlineData("sealed partial record Net;")]
    [InlineData("abstract class Net;")]
    public async Task A_class_that_cannot_be_a_model(string declaration) =>
        await Repair.None(new MakePartial(), $"using Compiled;\n[Model, Input(3), Dense(2), MeanSquaredError]\npublic {declaration}");

    [Fact]
    public async Task All_of_a_project()
    {
        await Repair.All(
            new InsertActivation(),
            [Two("A", "B", "CategoricalCrossentropy"), Two("C", "D", "SparseCategoricalCrossentropy")],
            [Two("A", "B", "Softmax, CategoricalCrossentropy"), Two("C", "D", "Softmax, SparseCategoricalCrossentropy")]);
        await Repair.All(
            new UseKnownName(),
            [Branch("Add(\"lefd\", \"left\")"), Branch("Add(\"input\")", "Other")],
            [Branch("Add(\"left\", \"left\")"), Branch("Add(\"input_1\")", "Other")]);
        await Repair.All(
            new MakePartial(),
            [Around("class Outer", Nested("Net", ""), Nested("Other", "")), Nested("Third", "")],
            [Around("partial class Outer", Nested("Net", "partial "), Nested("Other", "partial ")), Nested("Third", "partial ")]);
    }

    private static string Branch(string layer, string name = "Net") =>
        $"using Compiled;\n[Model, Input(4), Dense(4, Name = \"left\"), {layer}, MeanSquaredError]\npublic sealed partial class {name};";

    private static string Around(string outer, params string[] classes) => $"public {outer}\n{{\n    {string.Join("\n    ", classes)}\n}}";

    private static string Nested(string name, string modifier) =>
        $"[Compiled.Model, Compiled.Input(3), Compiled.Dense(2), Compiled.MeanSquaredError] public {modifier}class {name};";

    private static string Two(string first, string second, string loss) =>
        $"using Compiled;\n[Model, Input(3), Dense(2), {loss}]\npublic partial class {first};\n" +
        $"[Model]\n[Input(3)]\n[Dense(4), {loss}]\npublic partial class {second};";
}

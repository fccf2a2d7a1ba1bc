namespace Compiled.Generators.Tests;

/// <summary>The network is the layers in the order in which they stand in the one declaration with [Model].</summary>
public sealed class OrderTests
{
    private const string Stack =
        "dense_1 = Dense 4; relu_1 = ReLU; dense_2 = Dense 3; softmax_1 = Softmax; categorical_crossentropy_1 = CategoricalCrossentropy";

    [Theory]
    [InlineData("[Model] [Input(5)] [Dense(4)] [ReLU] [Dense(3)] [Softmax] [CategoricalCrossentropy]")]
    [InlineData("[Model, Input(5), Dense(4), ReLU, Dense(3), Softmax, CategoricalCrossentropy]")]
    [InlineData("[Input(5)]\n[Dense(4), ReLU]\n[Dense(3), Model, Softmax]\n[type: CategoricalCrossentropy]")]
    [InlineData("[Input(5), Dense(4)] /* [Dense(9)] */ [ReLU, Dense(3), Softmax] // [Dense(8)]\n[CategoricalCrossentropy, Model]")]
    [InlineData("#if false\n[Dense(9)]\n#endif\n[Input(5), Dense(4)] [ReLU, Dense(3), Softmax, CategoricalCrossentropy, Model]")]
    [InlineData("[Input(5)] [Compiled.Dense(4), ReLUAttribute()] [D(3)] [global::Compiled.Softmax, CategoricalCrossentropy, Model]")]
    public void Sections_and_lists_are_read_as_one(string attributes) => Assert.Equal(Stack, Layers(attributes));

    [Fact]
    public void Order_is_that_of_the_source_and_no_other() =>
        Assert.Equal(
            "softmax_1 = Softmax; dense_1 = Dense 3; relu_1 = ReLU; dense_2 = Dense 4; mean_squared_error_1 = MeanSquaredError",
            Layers("[Input(5), Softmax] [Dense(3)] [ReLU, Dense(4)] [Model, MeanSquaredError]"));

    [Fact]
    public void The_other_parts_of_the_class_add_nothing()
    {
        Project project = Expect.NothingIn(
            "public partial class Net { public int First => 1; }",
            "using Compiled; [Model, Input(5), Dense(4), MeanSquaredError] public partial class Net;",
            "[System.Serializable] partial class Net { public int Third => 3; }");
        Assert.Contains("\"dense_1 = Dense 4(input 5); \"", project.File, StringComparison.Ordinal);
    }

    [Fact]
    public void Constants_are_arguments() =>
        Assert.Equal(
            "dense_1 = Dense 12; mean_squared_error_1 = MeanSquaredError",
            Layers("[Model, Input(Sizes.Inputs), Dense(Sizes.Inputs * 4), MeanSquaredError]"));

    private static string Layers(string attributes)
    {
        Project project = Expect.NothingIn(
            $"using Compiled; using D = Compiled.DenseAttribute;\n{attributes}\npublic partial class Net;",
            "public static class Sizes { public const int Inputs = 3; }");
        Graph graph = Network.Of(project);
        return string.Join("; ", graph.Nodes.Select(node => $"{node.Name} = {node.Operation.Title}"));
    }
}

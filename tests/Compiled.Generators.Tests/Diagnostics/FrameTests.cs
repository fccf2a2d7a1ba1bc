namespace Compiled.Generators.Tests;

/// <summary>CN0003, CN0007 and CN0011: one input first, one loss last, known layers between.</summary>
public sealed class FrameTests
{
    private const string Unknown =
        "derives from LayerAttribute, but this version of Compiled does not know it: use a layer of the Compiled namespace";

    [Fact]
    public void No_layers_at_all() =>
        Expect.ErrorIn(
            "CN0003", "The model has no [Input]: a model begins with exactly one [Input], e.g. [Input(32, 32, 3)]",
            "using Compiled; [Model] public partial class [|Net|];");

    [Fact]
    public void No_input() =>
        Expect.ErrorIn(
            "CN0003", "The model has no [Input]: a model begins with exactly one [Input], e.g. [Input(32, 32, 3)]",
            "using Compiled; [Model, Dense(3), MeanSquaredError] public partial class [|Net|];");

    [Fact]
    public void An_input_that_is_not_first() =>
        Expect.Error(
            "CN0003", "[Input] is not the first layer: a model begins with exactly one [Input], e.g. [Input(32, 32, 3)]",
            "[Dense(3)]\n[[|Input(3)|]]\n[MeanSquaredError]");

    [Fact]
    public void A_second_input() =>
        Expect.Error(
            "CN0003", "There is a second [Input]: a model begins with exactly one [Input], e.g. [Input(32, 32, 3)]",
            "[Input(3)]\n[Dense(3)]\n[[|Input(4)|]]\n[MeanSquaredError]");

    [Fact]
    public void No_loss() =>
        Expect.ErrorIn(
            "CN0011", "The model has no loss: a model ends with exactly one loss, e.g. [CategoricalCrossentropy]",
            "using Compiled; [Model, Input(3), Dense(3), Softmax] public partial class [|Net|];");

    [Fact]
    public void Nothing_but_an_input() =>
        Expect.ErrorIn(
            "CN0011", "The model has no loss: a model ends with exactly one loss, e.g. [CategoricalCrossentropy]",
            "using Compiled; [Model, Input(3)] public partial class [|Net|];");

    [Fact]
    public void Layers_after_the_loss() =>
        Expect.Error(
            "CN0011", "The loss is not the last layer: a model ends with exactly one loss, e.g. [CategoricalCrossentropy]",
            "[Input(3)]\n[Dense(3)]\n[[|MeanSquaredError|]]\n[ReLU, MeanSquaredError]");

    [Fact]
    public void Two_losses() =>
        Expect.Error(
            "CN0011", "The loss is not the last layer: a model ends with exactly one loss, e.g. [CategoricalCrossentropy]",
            "[Input(3)]\n[Dense(3), Softmax]\n[[|CategoricalCrossentropy|], Dense(3), MeanSquaredError]");

    [Theory]
    [InlineData("Own")]
    [InlineData("OwnAttribute()")]
    [InlineData("Own(Name = \"a\", From = \"nowhere\")")]
    [InlineData("Own(typeof(int))")]
    [InlineData("Own(text: null)")]
    [InlineData("Own(Any = 'c')")]
    [InlineData("Own(Any = new string[] { \"a\" })")]
    [InlineData("Own(Any = ulong.MaxValue)")]
    public void A_layer_of_the_users_own(string attribute) =>
        Expect.ErrorIn(
            "CN0007",
            $"'Mine.Own' {Unknown}",
            $"using Compiled; using Mine; [Model, Input(3)] [[|{attribute}|]] [Dense(2), MeanSquaredError] public partial class Net;",
            """
            namespace Mine;
            public sealed class OwnAttribute : Compiled.LayerAttribute
            {
                public OwnAttribute() { }
                public OwnAttribute(System.Type type) { }
                public OwnAttribute(string? text) { }
                public object? Any { get; set; }
            }
            """);

    [Fact]
    public void Layers_of_the_users_own_in_every_form() =>
        Expect.ErrorsIn(
            "CN0007",
            [
                $"'Typed<int>' {Unknown}",
                $"'Losses.Mine' {Unknown}",
            ],
            "using Compiled; [Model, Input(3), [|Typed<int>|], [|Losses.Mine|]] public partial class Net;",
            "public sealed class Typed<T> : Compiled.LayerAttribute;",
            "public static class Losses { public sealed class MineAttribute : Compiled.LossAttribute; }");
}

using System.Reflection;

namespace Compiled.Generators.Tests;

/// <summary>Names of layers, of the members for their weights, and of their tensors in files.</summary>
public sealed class NamingTests
{
    [Fact]
    public void Layers_are_numbered_by_kind_from_one() =>
        Assert.Equal(
            "conv2d_1 relu_1 conv2d_2 relu_2 max_pooling2d_1 dropout_1 flatten_1 dense_1 sigmoid_1 dense_2 tanh_1 linear_1 dense_3 " +
            "softmax_1 sparse_categorical_crossentropy_1",
            Names(
                """
                [Input(9, 9, 1)]
                [Conv2D(2, 3), ReLU, Conv2D(2, 3), ReLU, MaxPooling2D, Dropout(0.5)]
                [Flatten, Dense(3), Sigmoid, Dense(3), Tanh, Linear, Dense(3), Softmax, SparseCategoricalCrossentropy]
                """));

    [Fact]
    public void A_layer_with_a_name_takes_no_number() =>
        Assert.Equal(
            "dense_1 head dense_2 mean_squared_error_1",
            Names("[Input(3)]\n[Dense(3), Dense(3, Name = \"head\"), Dense(3)]\n[MeanSquaredError]"));

    [Fact]
    public void Weights_are_members_and_tensors_of_these_names()
    {
        string file = Expect.NothingIn(
            """
            using Compiled;
            [Model, Input(5, 5, 2), Conv2D(3, 2), Conv2D(3, 2, Name = "conv2d_last", UseBias = false), Flatten]
            [Dense(4), Dense(4, Name = "my_head2"), Dense(2, UseBias = false, Name = "x"), MeanSquaredError]
            public partial class Net;
            """,
            """
            using Compiled;
            public static class Use
            {
                public static void All(Net net)
                {
                    Conv2DWeights first = net.Conv2D1;
                    KernelWeights last = net.Conv2DLast;
                    DenseWeights dense = net.Dense1;
                    DenseWeights head = net.MyHead2;
                    KernelWeights x = net.X;
                    x.Kernel.Span[0] = first.Bias.Span[0] + last.Kernel.Span[0] + dense.Kernel.Span[0] + head.Bias.Span[0];
                }
            }
            """).Files.Values.Single();
        string[] tensors =
        [
            "conv2d_1/kernel", "conv2d_1/bias", "conv2d_last/kernel", "dense_1/kernel", "dense_1/bias", "my_head2/kernel", "my_head2/bias",
            "x/kernel",
        ];
        Assert.All(tensors, tensor => Assert.Contains($"new(\"{tensor}\", ", file, StringComparison.Ordinal));
        Assert.Contains("public global::Compiled.KernelWeights X => new(Weights[7]);", file, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("native")]
    [InlineData("net")]
    [InlineData("predict")]
    [InlineData("predict_stages")]
    [InlineData("value")]
    [InlineData("State")]
    [InlineData("class")]
    [InlineData("get_hash_code")]
    [InlineData("compiled")]
    [InlineData("system")]
    public void A_name_that_is_a_member_already_does_no_harm(string name) =>
        Expect.Nothing($"[Input(3)]\n[Dense(3, Name = \"{name}\"), Dense(2, Name = \"{name}_layer\"), Dropout(0.1), MeanSquaredError]");

    [Fact]
    public void No_member_of_a_model_is_hidden_by_weights()
    {
        const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        IEnumerable<string> members = typeof(Model).GetMembers(All)
            .Where(member => member is not ConstructorInfo && !IsPrivate(member))
            .Select(member => member.Name).Where(name => !name.Contains('_')).Distinct();
        Assert.All(members, member => Assert.NotEqual(member, new MemberNames("Net").Next(member)));
    }

    private static bool IsPrivate(MemberInfo member) => member switch
    {
        MethodBase method => method.IsPrivate || method.IsAssembly,
        PropertyInfo property => IsPrivate(property.GetMethod!),
        FieldInfo field => field.IsPrivate,
        Type => true,
        _ => false,
    };

    private static string Names(string layers) => string.Join(" ", Network.Of(Expect.Nothing(layers)).Nodes.Select(node => node.Name));
}

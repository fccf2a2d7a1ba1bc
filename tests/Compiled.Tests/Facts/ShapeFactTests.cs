using System.Reflection;

namespace Compiled.Tests;

/// <summary>Known shapes of layers, most of them from the tests of Keras: what a declaration makes of an input, or does not take.</summary>
public sealed class ShapeFactTests
{
    private static readonly (string Layer, int[] Input, int[] Output)[] Cases =
    [
        ("Conv2D(1, 7, Padding = Padding.Same)", [224, 224, 1], [224, 224, 1]),
        ("Conv2D(1, 7, Strides = 2, Padding = Padding.Same)", [224, 224, 1], [112, 112, 1]),
        ("Conv2D(1, 5)", [32, 32, 1], [28, 28, 1]),
        ("Conv2D(1, 5, Strides = 2)", [32, 32, 1], [14, 14, 1]),
        ("Conv2D(5, 2)", [5, 5, 4], [4, 4, 5]),
        ("Conv2D(6, 2, Padding = Padding.Same, DilationRate = 2, Groups = 2)", [4, 4, 4], [4, 4, 6]),
        ("Dense(3)", [2], [3]),
        ("Dense(3)", [4, 2], [4, 3]),
        ("Dense(3)", [4, 5, 2], [4, 5, 3]),
        ("AveragePooling2D(2, Strides = 1)", [5, 5, 4], [4, 4, 4]),
        ("AveragePooling2D(2, Strides = 1, Padding = Padding.Same)", [5, 5, 4], [5, 5, 4]),
        ("AveragePooling2D(2, 3, Strides = 2)", [5, 5, 4], [2, 2, 4]),
        ("AveragePooling2D(2, 3, Strides = 2, Padding = Padding.Same)", [5, 5, 4], [3, 3, 4]),
        ("ZeroPadding2D(2)", [2, 4, 5], [6, 8, 5]),
        ("ZeroPadding2D(1, 2)", [2, 4, 5], [4, 8, 5]),
        ("ZeroPadding2D(1, 2, 3, 4)", [2, 4, 5], [5, 11, 5]),
        ("Cropping2D(2)", [7, 9, 5], [3, 5, 5]),
        ("Cropping2D(1, 2, 3, 4)", [7, 9, 5], [4, 2, 5]),
        ("Cropping2D(0, 2, 0, 4)", [7, 9, 5], [5, 5, 5]),
        ("Cropping2D(1, 0, 3, 0)", [7, 9, 5], [6, 6, 5]),
        ("GlobalAveragePooling2D", [3, 4, 4], [4]),
        ("GlobalAveragePooling2D(KeepDims = true)", [3, 4, 4], [1, 1, 4]),
        ("UpSampling2D(1, 2)", [2, 1, 3], [2, 2, 3]),
        ("UpSampling2D(2, 3)", [11, 12, 2], [22, 36, 2]),
    ];

    [Fact]
    public void Layers_have_the_shapes_of_Keras()
    {
        IEnumerable<string> models = Cases.Select((entry, i) => $"""
            [Model, Input({string.Join(", ", entry.Input)}), {entry.Layer}, MeanSquaredError]
            public sealed partial class Net{i};
            """);
        Assembly assembly = ModelCompiler.Compile("using Compiled;\n" + string.Join('\n', models));
        using Device device = Device.Cpu();
        for (int i = 0; i < Cases.Length; i++)
        {
            using Model model = ModelCompiler.Create(assembly.GetType($"Net{i}", throwOnError: true)!, device, batchSize: 1);
            Assert.Equal(Cases[i].Output, model.Plan.OutputShape);
        }
    }

    [Theory]
    [InlineData("ReLU(MaxValue = -10)", "ReLU: maxValue is -10; it must be at least 0")]
    [InlineData("ReLU(NegativeSlope = -10)", "ReLU: negativeSlope is -10; it must be at least 0 and finite")]
    [InlineData("ZeroPadding2D(-1)", "ZeroPadding2D: padding is -1; it must be at least 0")]
    [InlineData("ZeroPadding2D(1, 2, 3, -4)", "ZeroPadding2D: right is -4; it must be at least 0")]
    [InlineData("Cropping2D(1, -2)", "Cropping2D: croppingWidth is -2; it must be at least 0")]
    public void Numbers_that_no_layer_takes_are_errors(string layer, string message) =>
        Assert.Equal([message], ModelCompiler.Objections(
            $"using Compiled;\n[Model, Input(5, 5, 2), {layer}, MeanSquaredError]\npublic sealed partial class Net;"));
}

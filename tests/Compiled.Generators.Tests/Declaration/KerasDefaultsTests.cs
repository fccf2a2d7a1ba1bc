using System.Reflection;

namespace Compiled.Generators.Tests;

/// <summary>Arguments of layers and their defaults are those of Keras, in the attributes and in what the generator makes of them.</summary>
public sealed class KerasDefaultsTests
{
    [Theory]
    [InlineData(typeof(Conv2DAttribute), "Strides", 1)]
    [InlineData(typeof(Conv2DAttribute), "StridesHeight", 0)] // as Strides
    [InlineData(typeof(Conv2DAttribute), "StridesWidth", 0)]
    [InlineData(typeof(Conv2DAttribute), "Padding", Padding.Valid)]
    [InlineData(typeof(Conv2DAttribute), "DilationRate", 1)]
    [InlineData(typeof(Conv2DAttribute), "UseBias", true)]
    [InlineData(typeof(DenseAttribute), "UseBias", true)]
    [InlineData(typeof(MaxPooling2DAttribute), "PoolHeight", 2)]
    [InlineData(typeof(MaxPooling2DAttribute), "PoolWidth", 2)]
    [InlineData(typeof(MaxPooling2DAttribute), "Strides", 0)] // as the window
    [InlineData(typeof(MaxPooling2DAttribute), "Padding", Padding.Valid)]
    [InlineData(typeof(ModelAttribute), "Fusion", Fusion.Full)]
    [InlineData(typeof(ModelAttribute), "Precision", Precision.Float32)]
    [InlineData(typeof(DenseAttribute), "Name", null)]
    [InlineData(typeof(DenseAttribute), "From", null)]
    public void A_property_that_is_not_set(Type attribute, string property, object? value)
    {
        ConstructorInfo constructor = attribute.GetConstructors().OrderBy(candidate => candidate.GetParameters().Length).First();
        object made = constructor.Invoke(
            [.. constructor.GetParameters().Select(parameter => parameter.HasDefaultValue ? parameter.DefaultValue : 3)]);
        Assert.Equal(value, attribute.GetProperty(property)!.GetValue(made));
    }

    [Theory]
    [InlineData(typeof(Conv2DAttribute), "filters, kernelHeight, kernelWidth", "filters, kernelSize")]
    [InlineData(typeof(MaxPooling2DAttribute), "poolHeight, poolWidth", "poolSize")]
    [InlineData(typeof(DenseAttribute), "units")]
    [InlineData(typeof(DropoutAttribute), "rate")]
    [InlineData(typeof(ActivationAttribute), "activation")]
    [InlineData(typeof(InputAttribute), "shape")]
    [InlineData(typeof(FlattenAttribute), "")]
    public void Positional_arguments(Type attribute, params string[] constructors) =>
        Assert.Equal(
            constructors.Order(StringComparer.Ordinal),
            attribute.GetConstructors().Select(made => string.Join(", ", made.GetParameters().Select(parameter => parameter.Name)))
                .Order(StringComparer.Ordinal));

    [Fact]
    public void The_generator_knows_every_layer_of_the_library() =>
        Assert.All(
            typeof(LayerAttribute).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(LayerAttribute)) && !type.IsAbstract),
            type =>
            {
                string kind = LayerReader.WithoutSuffix(type.FullName!.Split('`')[0]);
                Assert.True(kind == InputLayer.Kind || BlockLayer.IsBlock(kind) || LayerKinds.Find(kind) is not null, type.Name);
                Assert.Equal(type.IsSubclassOf(typeof(LossAttribute)), LayerKinds.IsLoss(kind));
            });

    [Theory]
    [InlineData(
        "Conv2D(4, 3)",
        "Conv2D(filters: 4, kernelHeight: 3, kernelWidth: 3, Strides = 1, Padding = Padding.Valid, DilationRate = 1, UseBias = true)")]
    [InlineData("Conv2D(4, 3, 2, Strides = 2)", "Conv2D(4, kernelWidth: 2, kernelHeight: 3, StridesWidth = 2, StridesHeight = 2)")]
    [InlineData("MaxPooling2D", "MaxPooling2D(2, 2, Strides = 2, Padding = Padding.Valid)")]
    [InlineData("MaxPooling2D(3, 2)", "MaxPooling2D(3, 2, StridesHeight = 3, StridesWidth = 2)")]
    [InlineData("MaxPooling2D(2, Strides = 1, StridesWidth = 3)", "MaxPooling2D(poolSize: 2, StridesHeight = 1, StridesWidth = 3)")]
    [InlineData("Dense(4)", "Dense(units: 4, UseBias = true, Name = null, From = null)")]
    [InlineData("ReLU", "Activation(Activation.ReLU)")]
    [InlineData("Sigmoid", "Activation((Activation)2)")]
    [InlineData("Tanh", "Activation(activation: Activation.Tanh)")]
    [InlineData("Softmax", "Activation(Activation.Softmax)")]
    [InlineData("Linear", "Activation(Activation.Linear)")]
    [InlineData("Dropout(0.5)", "DropoutAttribute(0.5f)")]
    public void What_is_not_written_is_the_default(string short_, string long_) =>
        Assert.Equal(Expect.Nothing(Around(short_)).File, Expect.Nothing(Around(long_)).File);

    private static string Around(string layer) => $"[Input(9, 9, 2)]\n[{layer}]\n[Flatten, Dense(2, Name = \"head\"), MeanSquaredError]";
}

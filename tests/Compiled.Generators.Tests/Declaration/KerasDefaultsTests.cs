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
    [InlineData(typeof(Conv2DAttribute), "Groups", 1)]
    [InlineData(typeof(Conv2DAttribute), "UseBias", true)]
    [InlineData(typeof(DepthwiseConv2DAttribute), "Strides", 1)]
    [InlineData(typeof(DepthwiseConv2DAttribute), "Padding", Padding.Valid)]
    [InlineData(typeof(DepthwiseConv2DAttribute), "DepthMultiplier", 1)]
    [InlineData(typeof(DepthwiseConv2DAttribute), "DilationRate", 1)]
    [InlineData(typeof(DepthwiseConv2DAttribute), "UseBias", true)]
    [InlineData(typeof(DepthwiseConv2DAttribute), "Activation", Activation.Linear)]
    [InlineData(typeof(SeparableConv2DAttribute), "Strides", 1)]
    [InlineData(typeof(SeparableConv2DAttribute), "Padding", Padding.Valid)]
    [InlineData(typeof(SeparableConv2DAttribute), "DepthMultiplier", 1)]
    [InlineData(typeof(SeparableConv2DAttribute), "DilationRate", 1)]
    [InlineData(typeof(SeparableConv2DAttribute), "UseBias", true)]
    [InlineData(typeof(SeparableConv2DAttribute), "Activation", Activation.Linear)]
    [InlineData(typeof(Conv2DTransposeAttribute), "Strides", 1)]
    [InlineData(typeof(Conv2DTransposeAttribute), "Padding", Padding.Valid)]
    [InlineData(typeof(Conv2DTransposeAttribute), "DilationRate", 1)]
    [InlineData(typeof(Conv2DTransposeAttribute), "UseBias", true)]
    [InlineData(typeof(Conv2DTransposeAttribute), "Activation", Activation.Linear)]
    [InlineData(typeof(DenseAttribute), "UseBias", true)]
    [InlineData(typeof(DenseAttribute), "KernelInitializer", Initializer.GlorotUniform)]
    [InlineData(typeof(DenseAttribute), "BiasInitializer", Initializer.Zeros)]
    [InlineData(typeof(Conv2DAttribute), "KernelInitializer", Initializer.GlorotUniform)]
    [InlineData(typeof(DepthwiseConv2DAttribute), "DepthwiseInitializer", Initializer.GlorotUniform)]
    [InlineData(typeof(SeparableConv2DAttribute), "PointwiseInitializer", Initializer.GlorotUniform)]
    [InlineData(typeof(BatchNormalizationAttribute), "GammaInitializer", Initializer.Ones)]
    [InlineData(typeof(BatchNormalizationAttribute), "BetaInitializer", Initializer.Zeros)]
    [InlineData(typeof(BatchNormalizationAttribute), "MovingMeanInitializer", Initializer.Zeros)]
    [InlineData(typeof(BatchNormalizationAttribute), "MovingVarianceInitializer", Initializer.Ones)]
    [InlineData(typeof(LayerNormalizationAttribute), "GammaInitializer", Initializer.Ones)]
    [InlineData(typeof(ReLUAttribute), "MaxValue", double.PositiveInfinity)]
    [InlineData(typeof(ReLUAttribute), "NegativeSlope", 0.0)]
    [InlineData(typeof(ReLUAttribute), "Threshold", 0.0)]
    [InlineData(typeof(LeakyReLUAttribute), "NegativeSlope", 0.3)]
    [InlineData(typeof(ELUAttribute), "Alpha", 1.0)]
    [InlineData(typeof(DenseAttribute), "Trainable", true)]
    [InlineData(typeof(DenseAttribute), "KernelL1", 0.0)]
    [InlineData(typeof(DenseAttribute), "BiasL2", 0.0)]
    [InlineData(typeof(DenseAttribute), "KernelConstraint", Constraint.None)]
    [InlineData(typeof(DenseAttribute), "BiasConstraintValue", double.NaN)] // that of the constraint
    [InlineData(typeof(SeparableConv2DAttribute), "DepthwiseL2", 0.0)]
    [InlineData(typeof(SeparableConv2DAttribute), "PointwiseConstraint", Constraint.None)]
    [InlineData(typeof(BatchNormalizationAttribute), "GammaL2", 0.0)]
    [InlineData(typeof(LayerNormalizationAttribute), "BetaConstraint", Constraint.None)]
    [InlineData(typeof(LayerNormalizationAttribute), "Trainable", true)]
    [InlineData(typeof(ActivityRegularizationAttribute), "L1", 0.0)]
    [InlineData(typeof(ActivityRegularizationAttribute), "L2", 0.0)]
    [InlineData(typeof(MaxPooling2DAttribute), "PoolHeight", 2)]
    [InlineData(typeof(MaxPooling2DAttribute), "PoolWidth", 2)]
    [InlineData(typeof(MaxPooling2DAttribute), "Strides", 0)] // as the window
    [InlineData(typeof(MaxPooling2DAttribute), "Padding", Padding.Valid)]
    [InlineData(typeof(AveragePooling2DAttribute), "PoolHeight", 2)]
    [InlineData(typeof(AveragePooling2DAttribute), "PoolWidth", 2)]
    [InlineData(typeof(AveragePooling2DAttribute), "Strides", 0)] // as the window
    [InlineData(typeof(AveragePooling2DAttribute), "Padding", Padding.Valid)]
    [InlineData(typeof(BatchNormalizationAttribute), "Momentum", 0.99)]
    [InlineData(typeof(BatchNormalizationAttribute), "Epsilon", 0.001)]
    [InlineData(typeof(BatchNormalizationAttribute), "Center", true)]
    [InlineData(typeof(BatchNormalizationAttribute), "Scale", true)]
    [InlineData(typeof(BatchNormalizationAttribute), "Trainable", true)]
    [InlineData(typeof(LayerNormalizationAttribute), "Epsilon", 0.001)]
    [InlineData(typeof(LayerNormalizationAttribute), "Center", true)]
    [InlineData(typeof(LayerNormalizationAttribute), "Scale", true)]
    [InlineData(typeof(GlobalAveragePooling2DAttribute), "KeepDims", false)]
    [InlineData(typeof(GlobalMaxPooling2DAttribute), "KeepDims", false)]
    [InlineData(typeof(UpSampling2DAttribute), "SizeHeight", 2)]
    [InlineData(typeof(UpSampling2DAttribute), "SizeWidth", 2)]
    [InlineData(typeof(UpSampling2DAttribute), "Interpolation", Interpolation.Nearest)]
    [InlineData(typeof(ZeroPadding2DAttribute), "Top", 1)]
    [InlineData(typeof(ZeroPadding2DAttribute), "Right", 1)]
    [InlineData(typeof(Cropping2DAttribute), "Bottom", 0)]
    [InlineData(typeof(Cropping2DAttribute), "Left", 0)]
    [InlineData(typeof(ResidualAttribute<Model>), "Repeat", 1)]
    [InlineData(typeof(ResidualAttribute<Model>), "Projection", false)]
    [InlineData(typeof(ResidualAttribute<Model>), "Activation", Activation.Linear)]
    [InlineData(typeof(BlockAttribute<Model>), "Repeat", 1)]
    [InlineData(typeof(ModelAttribute), "Fusion", Fusion.Full)]
    [InlineData(typeof(ModelAttribute), "Precision", Precision.Float32)]
    [InlineData(typeof(CategoricalCrossentropyAttribute), "FromLogits", false)]
    [InlineData(typeof(CategoricalCrossentropyAttribute), "LabelSmoothing", 0.0)]
    [InlineData(typeof(SparseCategoricalCrossentropyAttribute), "FromLogits", false)]
    [InlineData(typeof(DiceAttribute), "PerSample", false)]
    [InlineData(typeof(TverskyAttribute), "Alpha", 0.5)]
    [InlineData(typeof(TverskyAttribute), "Beta", 0.5)]
    [InlineData(typeof(BinaryCrossentropyAttribute), "FromLogits", false)]
    [InlineData(typeof(BinaryCrossentropyAttribute), "LabelSmoothing", 0.0)]
    [InlineData(typeof(BinaryFocalCrossentropyAttribute), "ApplyClassBalancing", false)]
    [InlineData(typeof(BinaryFocalCrossentropyAttribute), "Alpha", 0.25)]
    [InlineData(typeof(BinaryFocalCrossentropyAttribute), "Gamma", 2.0)]
    [InlineData(typeof(CategoricalFocalCrossentropyAttribute), "Alpha", 0.25)]
    [InlineData(typeof(CategoricalFocalCrossentropyAttribute), "Gamma", 2.0)]
    [InlineData(typeof(BinaryAccuracyAttribute), "Threshold", 0.5)]
    [InlineData(typeof(PrecisionAttribute), "Threshold", 0.5)]
    [InlineData(typeof(AUCAttribute), "NumThresholds", 200)]
    [InlineData(typeof(F1ScoreAttribute), "Average", ScoreAverage.Macro)]
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
    [InlineData(typeof(DepthwiseConv2DAttribute), "kernelHeight, kernelWidth", "kernelSize")]
    [InlineData(typeof(SeparableConv2DAttribute), "filters, kernelHeight, kernelWidth", "filters, kernelSize")]
    [InlineData(typeof(Conv2DTransposeAttribute), "filters, kernelHeight, kernelWidth", "filters, kernelSize")]
    [InlineData(typeof(MaxPooling2DAttribute), "poolHeight, poolWidth", "poolSize")]
    [InlineData(typeof(DenseAttribute), "units")]
    [InlineData(typeof(DropoutAttribute), "rate")]
    [InlineData(typeof(SpatialDropout2DAttribute), "rate")]
    [InlineData(typeof(GaussianNoiseAttribute), "stddev")]
    [InlineData(typeof(IoUAttribute), "targetClassIds")]
    [InlineData(typeof(HuberAttribute), "delta")]
    [InlineData(typeof(TopKCategoricalAccuracyAttribute), "k")]
    [InlineData(typeof(SensitivityAtSpecificityAttribute), "specificity")]
    [InlineData(typeof(SpecificityAtSensitivityAttribute), "sensitivity")]
    [InlineData(typeof(FBetaScoreAttribute), "beta")]
    [InlineData(typeof(ActivationAttribute), "activation")]
    [InlineData(typeof(InputAttribute), "shape")]
    [InlineData(typeof(FlattenAttribute), "")]
    [InlineData(typeof(ActivityRegularizationAttribute), "")]
    [InlineData(typeof(AddAttribute), "layers")]
    [InlineData(typeof(ConcatenateAttribute), "layers")]
    [InlineData(typeof(ReshapeAttribute), "targetShape")]
    [InlineData(typeof(BatchNormalizationAttribute), "")]
    [InlineData(typeof(LayerNormalizationAttribute), "")]
    [InlineData(typeof(GlobalAveragePooling2DAttribute), "")]
    [InlineData(typeof(GlobalMaxPooling2DAttribute), "")]
    [InlineData(typeof(AveragePooling2DAttribute), "poolHeight, poolWidth", "poolSize")]
    [InlineData(typeof(UpSampling2DAttribute), "size", "sizeHeight, sizeWidth")]
    [InlineData(typeof(ZeroPadding2DAttribute), "padding", "paddingHeight, paddingWidth", "top, bottom, left, right")]
    [InlineData(typeof(Cropping2DAttribute), "cropping", "croppingHeight, croppingWidth", "top, bottom, left, right")]
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
                Assert.True(kind == InputLayer.Kind || BlockLayer.IsBlock(kind) || LayerKinds.Find(kind) is not null || MetricKinds.IsMetric(kind), type.Name);
                Assert.Equal(type.IsSubclassOf(typeof(MetricAttribute)), MetricKinds.IsMetric(kind));
                Assert.Equal(type.IsSubclassOf(typeof(LossAttribute)), LayerKinds.IsLoss(kind));
            });

    [Fact]
    public void A_concatenation_without_an_axis_takes_the_last_one() => Assert.Equal(-1, new ConcatenateAttribute("a", "b").Axis);

    [Theory]
    [InlineData(
        "Conv2D(4, 3)",
        "Conv2D(filters: 4, kernelHeight: 3, kernelWidth: 3, Strides = 1, Padding = Padding.Valid, DilationRate = 1, UseBias = true)")]
    [InlineData("Conv2D(4, 3, 2, Strides = 2)", "Conv2D(4, kernelWidth: 2, kernelHeight: 3, StridesWidth = 2, StridesHeight = 2)")]
    [InlineData("MaxPooling2D", "MaxPooling2D(2, 2, Strides = 2, Padding = Padding.Valid)")]
    [InlineData("MaxPooling2D(3, 2)", "MaxPooling2D(3, 2, StridesHeight = 3, StridesWidth = 2)")]
    [InlineData("MaxPooling2D(2, Strides = 1, StridesWidth = 3)", "MaxPooling2D(poolSize: 2, StridesHeight = 1, StridesWidth = 3)")]
    [InlineData("Dense(4)", "Dense(units: 4, UseBias = true, Name = null, From = null)")]
    [InlineData("Dense(4, Trainable = false)", "Dense(4, Trainable = false, KernelL2 = 0.1, BiasConstraint = Constraint.UnitNorm)")]
    [InlineData(
        "Dense(4, KernelConstraint = Constraint.MaxNorm)",
        "Dense(4, KernelL1 = 0, BiasL2 = 0, BiasConstraint = Constraint.None, KernelConstraint = Constraint.MaxNorm, KernelConstraintValue = 2)")]
    [InlineData(
        "Conv2D(4, 3, KernelConstraint = Constraint.MinMaxNorm)",
        "Conv2D(4, 3, KernelConstraint = Constraint.MinMaxNorm, KernelConstraintValue = 1, KernelConstraintMinimum = 0, KernelConstraintRate = 1)")]
    [InlineData("ActivityRegularization", "ActivityRegularization(L1 = 0, L2 = 0)")]
    [InlineData("ReLU", "Activation(Activation.ReLU)")]
    [InlineData("Sigmoid", "Activation((Activation)2)")]
    [InlineData("LeakyReLU", "LeakyReLU(NegativeSlope = 0.3)")]
    [InlineData("ELU", "ELU(Alpha = 1)")]
    [InlineData("ReLU", "ReLU(MaxValue = double.PositiveInfinity, NegativeSlope = 0, Threshold = 0)")]
    [InlineData("Tanh", "Activation(activation: Activation.Tanh)")]
    [InlineData("Softmax", "Activation(Activation.Softmax)")]
    [InlineData("Linear", "Activation(Activation.Linear)")]
    [InlineData("Dropout(0.5)", "DropoutAttribute(0.5f)")]
    [InlineData("AveragePooling2D", "AveragePooling2D(2, 2, Strides = 2, Padding = Padding.Valid)")]
    [InlineData("AveragePooling2D(3, 2)", "AveragePooling2D(poolWidth: 2, poolHeight: 3, StridesHeight = 3, StridesWidth = 2)")]
    [InlineData("BatchNormalization", "BatchNormalization(Momentum = 0.99, Epsilon = 1e-3, Center = true, Scale = true, Trainable = true)")]
    [InlineData("LayerNormalization", "LayerNormalization(Epsilon = 1e-3, Center = true, Scale = true)")]
    [InlineData("UpSampling2D", "UpSampling2D(sizeHeight: 2, sizeWidth: 2, Interpolation = Interpolation.Nearest)")]
    [InlineData("UpSampling2D(3)", "UpSampling2D(3, 3)")]
    [InlineData("ZeroPadding2D", "ZeroPadding2D(top: 1, bottom: 1, left: 1, right: 1)")]
    [InlineData("ZeroPadding2D(2, 1)", "ZeroPadding2D(2, 2, 1, 1)")]
    [InlineData("Cropping2D(2)", "Cropping2D(2, 2)")]
    [InlineData("Cropping2D(2, 1)", "Cropping2D(2, 2, 1, 1)")]
    [InlineData("GlobalAveragePooling2D", "GlobalAveragePooling2D(KeepDims = false)")]
    [InlineData("GlobalMaxPooling2D(KeepDims = true)", "GlobalMaxPooling2D(KeepDims = !false)")]
    [InlineData("Reshape(81, 2)", "Reshape(targetShape: new[] { 81, 2 })")]
    [InlineData("ReLU(Name = \"r\"), Concatenate(\"input_1\")", "ReLU(Name = \"r\"), Concatenate(\"input_1\", Axis = 3)")]
    [InlineData("ReLU, Concatenate(\"input_1\", Axis = 2)", "ReLU, Concatenate(\"input_1\", Axis = -2)")]
    public void What_is_not_written_is_the_default(string short_, string long_) =>
        Assert.Equal(Expect.Nothing(Around(short_)).File, Expect.Nothing(Around(long_)).File);

    [Theory]
    [InlineData("Huber", "Huber(delta: 1)")]
    [InlineData("Sigmoid, BinaryCrossentropy", "Sigmoid, BinaryCrossentropy(FromLogits = false, LabelSmoothing = 0)")]
    [InlineData("Softmax, CategoricalCrossentropy", "Softmax, CategoricalCrossentropy(FromLogits = false, LabelSmoothing = 0)")]
    [InlineData("Sigmoid, BinaryFocalCrossentropy", "Sigmoid, BinaryFocalCrossentropy(Gamma = 2, ApplyClassBalancing = false)")]
    [InlineData("Dice", "Dice(PerSample = false)")]
    [InlineData("Tversky", "Tversky(alpha: 0.5, beta: 0.5)")]
    [InlineData("Softmax, CategoricalFocalCrossentropy", "Softmax, CategoricalFocalCrossentropy(Alpha = 0.25, Gamma = 2)")]
    public void What_is_not_written_of_a_loss(string short_, string long_) => Assert.Equal(
        Expect.Nothing($"[Input(4)]\n[Dense(2), {short_}]").File, Expect.Nothing($"[Input(4)]\n[Dense(2), {long_}]").File);

    private static string Around(string layer) => $"[Input(9, 9, 2)]\n[{layer}]\n[Flatten, Dense(2, Name = \"head\"), MeanSquaredError]";
}

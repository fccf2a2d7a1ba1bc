namespace Compiled.Generators.Tests;

/// <summary>CN0004: every argument of every layer has a range, and the value outside it is underlined.</summary>
public sealed class ArgumentTests
{
    [Theory]
    [InlineData("Conv2D([|0|], 3)", "filters", "0")]
    [InlineData("Conv2D([|-1|], 3)", "filters", "-1")]
    [InlineData("Conv2D(4, [|-1|])", "kernelSize", "-1")]
    [InlineData("Conv2D(4, [|0|], 3)", "kernelHeight", "0")]
    [InlineData("Conv2D(4, 3, [|-2147483648|])", "kernelWidth", "-2147483648")]
    [InlineData("Conv2D(kernelSize: [|0|], filters: 4)", "kernelSize", "0")]
    [InlineData("Conv2D(4, 3, Strides = [|0|])", "strides", "0")]
    [InlineData("Conv2D(4, 3, StridesHeight = [|0|])", "stridesHeight", "0")]
    [InlineData("Conv2D(4, 3, StridesWidth = [|-2|])", "stridesWidth", "-2")]
    [InlineData("Conv2D(4, 3, DilationRate = [|0|])", "dilationRate", "0")]
    [InlineData("Conv2D(4, 3, DilationRateHeight = [|-1|])", "dilationRateHeight", "-1")]
    [InlineData("DepthwiseConv2D(3, DilationRateWidth = [|0|])", "dilationRateWidth", "0")]
    [InlineData("Conv2D(4, 3, Groups = [|0|])", "groups", "0")]
    [InlineData("DepthwiseConv2D([|0|])", "kernelSize", "0")]
    [InlineData("DepthwiseConv2D(3, [|-1|])", "kernelWidth", "-1")]
    [InlineData("DepthwiseConv2D(3, DepthMultiplier = [|0|])", "depthMultiplier", "0")]
    [InlineData("SeparableConv2D([|0|], 3)", "filters", "0")]
    [InlineData("SeparableConv2D(4, [|0|], 3)", "kernelHeight", "0")]
    [InlineData("SeparableConv2D(4, 3, DepthMultiplier = [|-1|])", "depthMultiplier", "-1")]
    [InlineData("Conv2DTranspose([|0|], 3)", "filters", "0")]
    [InlineData("Conv2DTranspose(4, 3, Strides = [|0|])", "strides", "0")]
    [InlineData("MaxPooling2D([|0|])", "poolSize", "0")]
    [InlineData("MaxPooling2D([|0|], 2)", "poolHeight", "0")]
    [InlineData("MaxPooling2D(2, [|-3|])", "poolWidth", "-3")]
    [InlineData("MaxPooling2D(Strides = [|0|])", "strides", "0")]
    [InlineData("MaxPooling2D(2, StridesHeight = [|-1|])", "stridesHeight", "-1")]
    [InlineData("MaxPooling2D(2, StridesWidth = [|0|])", "stridesWidth", "0")]
    [InlineData("UpSampling2D([|0|])", "size", "0")]
    [InlineData("UpSampling2D(2, [|-1|])", "sizeWidth", "-1")]
    [InlineData("AveragePooling2D([|0|])", "poolSize", "0")]
    [InlineData("AveragePooling2D(2, Strides = [|-1|])", "strides", "-1")]
    [InlineData("Dense([|0|])", "units", "0")]
    [InlineData("Dense(units: [|-5|], UseBias = false)", "units", "-5")]
    public void A_count_below_one(string layer, string argument, string value) =>
        Expect.Error("CN0004", $"{Kind(layer)}: {argument} is {value}; it must be at least 1", InImages(layer));

    [Theory]
    [InlineData("[|1|]", "1")]
    [InlineData("[|1.5|]", "1.5")]
    [InlineData("[|-0.1|]", "-0.1")]
    [InlineData("[|double.NaN|]", "NaN")]
    [InlineData("[|double.PositiveInfinity|]", "Infinity")]
    [InlineData("[|0.99999999|]", "0.99999999")]
    [InlineData("rate: [|2f|]", "2")]
    public void A_rate_outside_of_zero_to_one(string argument, string value) =>
        Expect.Error("CN0004", $"Dropout: rate is {value}; it must be at least 0 and less than 1", InImages($"Dropout({argument})"));

    [Theory]
    [InlineData("ZeroPadding2D([|-1|])", "padding")]
    [InlineData("ZeroPadding2D(1, [|-1|])", "paddingWidth")]
    [InlineData("ZeroPadding2D(0, 1, [|-1|], 0)", "left")]
    [InlineData("Cropping2D([|-1|])", "cropping")]
    [InlineData("Cropping2D([|-1|], 0)", "croppingHeight")]
    [InlineData("Cropping2D(0, 1, 0, [|-1|])", "right")]
    public void A_margin_below_zero(string layer, string argument) =>
        Expect.Error("CN0004", $"{Kind(layer)}: {argument} is -1; it must be at least 0", InImages(layer));

    [Theory]
    [InlineData("ReLU(MaxValue = [|-1|])", "maxValue is -1; it must be at least 0")]
    [InlineData("ReLU(NegativeSlope = [|-0.5|])", "negativeSlope is -0.5; it must be at least 0 and finite")]
    [InlineData("ReLU(Threshold = [|double.NaN|])", "threshold is NaN; it must be at least 0 and finite")]
    [InlineData("LeakyReLU(NegativeSlope = [|-1|])", "negativeSlope is -1; it must be at least 0 and finite")]
    [InlineData("ELU(Alpha = [|0|])", "alpha is 0; it must be a float greater than 0")]
    [InlineData("Threshold([|1e39|], 0)", "threshold is 1E+39; it must be finite")]
    [InlineData("Threshold(0, [|double.NaN|])", "value is NaN; it must be finite")]
    [InlineData("GaussianNoise([|-0.1|])", "stddev is -0.1; it must be at least 0 and finite")]
    [InlineData("SpatialDropout2D([|1|])", "rate is 1; it must be at least 0 and less than 1")]
    [InlineData("BatchNormalization(Momentum = [|1.5|])", "momentum is 1.5; it must be from 0 to 1")]
    [InlineData("BatchNormalization(Epsilon = [|0|])", "epsilon is 0; it must be a float greater than 0")]
    [InlineData("LayerNormalization(Epsilon = [|-1|])", "epsilon is -1; it must be a float greater than 0")]
    public void A_number_out_of_its_range(string layer, string message) => Expect.Error("CN0004", $"{Kind(layer)}: {message}", InImages(layer));

    [Theory]
    [InlineData("Reshape([|0|])", "targetShape is 0; it must be made of extents of at least 1, and one -1 at most, which is worked out")]
    [InlineData("Reshape([|-1|], -1)", "targetShape is -1×-1; it must be made of extents of at least 1, and one -1 at most, which is worked out")]
    [InlineData("Reshape([|1|], 2, 3, 4, 5)", "targetShape is 5 extents; it must be 1 to 4 extents, the batch not among them")]
    public void A_shape_that_is_none(string layer, string message) => Expect.Error("CN0004", $"Reshape: {message}", InImages(layer));

    [Theory]
    [InlineData("Conv2D(4, 3, Padding = [|(Padding)2|])", "padding", "2")]
    [InlineData("Conv2D(4, 3, Padding = [|(Padding)(-1)|])", "padding", "-1")]
    [InlineData("MaxPooling2D(Padding = [|(Padding)9|])", "padding", "9")]
    [InlineData("Activation([|(Activation)30|])", "activation", "30")]
    [InlineData("Activation([|(Activation)(-1)|])", "activation", "-1")]
    public void A_value_that_is_no_member_of_its_enumeration(string layer, string argument, string value) =>
        Expect.Error(
            "CN0004", $"{Kind(layer)}: {argument} is {value}; it must be one of the enumeration's members", InImages(layer));

    [Theory]
    [InlineData("Dense(4, KernelInitializer = [|(Initializer)23|])", "kernelInitializer is 23; it must be one of the enumeration's members")]
    [InlineData(
        "Dense(4, BiasInitializer = [|Initializer.Orthogonal|])",
        "biasInitializer is Orthogonal for a bias of 4; it must be an initializer of vectors")]
    [InlineData(
        "Conv2D(4, 3, KernelInitializer = [|Initializer.Identity|])",
        "kernelInitializer is Identity for a kernel of 3×3×3×4; it must be an initializer of kernels with windows")]
    [InlineData(
        "Dense(4, KernelInitializer = Initializer.RandomNormal, KernelInitializerValue = [|-1|])",
        "kernelInitializerValue is -1; it must be at least 0 and finite")]
    [InlineData(
        "Dense(4, BiasInitializer = Initializer.Constant, BiasInitializerValue = [|1e300|])",
        "biasInitializerValue is 1E+300; it must be finite")]
    [InlineData(
        "Dense(4, KernelInitializer = Initializer.HeNormal, KernelInitializerValue = [|2|])",
        "kernelInitializerValue is 2; it must be left out: HeNormal has no parameter")]
    [InlineData("SeparableConv2D(4, 3, PointwiseInitializer = [|(Initializer)(-1)|])", "pointwiseInitializer is -1; it must be one of the enumeration's members")]
    [InlineData(
        "Dense(4, KernelInitializer = Initializer.FanOutUniform, KernelInitializerValue = [|-1|])",
        "kernelInitializerValue is -1; it must be at least 0 and finite")]
    [InlineData(
        "BatchNormalization(MovingVarianceInitializer = Initializer.Constant, MovingVarianceInitializerValue = [|-1|])",
        "movingVarianceInitializerValue is -1; it must be at least 0 and finite")]
    [InlineData(
        "LayerNormalization(GammaInitializer = [|Initializer.Orthogonal|])",
        "gammaInitializer is Orthogonal for a gamma of 3; it must be an initializer of vectors")]
    public void An_initializer_that_does_not_fit(string layer, string message) =>
        Expect.Error("CN0004", $"{Kind(layer)}: {message}", InImages(layer));

    [Theory]
    [InlineData("Dense(4, KernelL1 = [|-0.1|])", "kernelL1 is -0.1; it must be at least 0 and finite")]
    [InlineData("Dense(4, KernelL2 = [|double.NaN|])", "kernelL2 is NaN; it must be at least 0 and finite")]
    [InlineData("Conv2D(4, 3, BiasL2 = [|1e39|])", "biasL2 is 1E+39; it must be at least 0 and finite")]
    [InlineData("Dense(4, Trainable = false, BiasL1 = [|-1|])", "biasL1 is -1; it must be at least 0 and finite")]
    [InlineData("SeparableConv2D(4, 3, PointwiseL2 = [|double.PositiveInfinity|])", "pointwiseL2 is Infinity; it must be at least 0 and finite")]
    [InlineData("BatchNormalization(GammaL2 = [|-2|])", "gammaL2 is -2; it must be at least 0 and finite")]
    [InlineData("LayerNormalization(BetaL1 = [|-2|])", "betaL1 is -2; it must be at least 0 and finite")]
    [InlineData("ActivityRegularization(L1 = [|-1|])", "l1 is -1; it must be at least 0 and finite")]
    [InlineData("ActivityRegularization(L2 = [|double.NaN|])", "l2 is NaN; it must be at least 0 and finite")]
    public void A_penalty_below_zero(string layer, string message) => Expect.Error("CN0004", $"{Kind(layer)}: {message}", InImages(layer));

    [Theory]
    [InlineData("Dense(4, KernelConstraint = [|(Constraint)5|])", "kernelConstraint is 5; it must be one of the enumeration's members")]
    [InlineData(
        "Dense(4, KernelConstraint = Constraint.MaxNorm, KernelConstraintValue = [|-1|])",
        "kernelConstraintValue is -1; it must be at least 0 and finite")]
    [InlineData(
        "Dense(4, BiasConstraint = Constraint.NonNeg, BiasConstraintValue = [|1|])",
        "biasConstraintValue is 1; it must be left out: NonNeg has no such parameter")]
    [InlineData("Conv2D(4, 3, KernelConstraintValue = [|1|])", "kernelConstraintValue is 1; it must be left out: None has no such parameter")]
    [InlineData(
        "Dense(4, KernelConstraint = Constraint.MaxNorm, KernelConstraintMinimum = [|1|])",
        "kernelConstraintMinimum is 1; it must be left out: MaxNorm has no such parameter")]
    [InlineData(
        "DepthwiseConv2D(3, DepthwiseConstraint = Constraint.MinMaxNorm, DepthwiseConstraintMinimum = [|1.5|])",
        "depthwiseConstraintMinimum is 1.5; it must be from 0 to 1")]
    [InlineData(
        "SeparableConv2D(4, 3, DepthwiseConstraint = Constraint.MinMaxNorm, DepthwiseConstraintRate = [|2|])",
        "depthwiseConstraintRate is 2; it must be from 0 to 1")]
    [InlineData("BatchNormalization(GammaConstraint = [|(Constraint)(-1)|])", "gammaConstraint is -1; it must be one of the enumeration's members")]
    public void A_constraint_that_does_not_fit(string layer, string message) => Expect.Error("CN0004", $"{Kind(layer)}: {message}", InImages(layer));

    [Fact]
    public void A_fusion_that_is_no_member_of_its_enumeration() =>
        Expect.ErrorIn(
            "CN0004", "Model: fusion is 7; it must be one of the enumeration's members",
            "using Compiled; [Model(Fusion = [|(Fusion)7|]), Input(3), MeanSquaredError] public partial class Net;");

    [Fact]
    public void A_precision_that_is_no_member_of_its_enumeration() =>
        Expect.ErrorIn(
            "CN0004", "Model: precision is 3; it must be one of the enumeration's members",
            "using Compiled; [Model(Precision = [|(Precision)3|]), Input(3), MeanSquaredError] public partial class Net;");

    [Theory]
    [InlineData("Strides = 2", "2×2")]
    [InlineData("StridesWidth = 3", "1×3")]
    public void A_dilation_with_strides(string strides, string shown) =>
        Expect.Error(
            "CN0004", $"Conv2D: dilationRate is 2 with strides {shown}; it must be 1 where a stride is above 1 (Keras)",
            InImages($"Conv2D(4, 3, {strides}, DilationRate = [|2|])"));

    [Theory]
    [InlineData("DilationRateHeight = [|2|]", "dilationRateHeight is 2")]
    [InlineData("DilationRateWidth = [|3|]", "dilationRateWidth is 3")]
    [InlineData("DilationRateHeight = 1, DilationRateWidth = [|3|]", "dilationRateWidth is 3")]
    public void A_dilation_in_one_direction_with_strides(string dilation, string shown) =>
        Expect.Error(
            "CN0004", $"Conv2D: {shown} with strides 2×2; it must be 1 where a stride is above 1 (Keras)",
            InImages($"Conv2D(4, 3, Strides = 2, {dilation})"));

    [Theory]
    [InlineData(12, 18, 4, 3)] // 3 and 6 are nearest to 4, 3 nearer
    [InlineData(12, 18, 5, 6)]
    [InlineData(12, 18, 100, 6)]
    [InlineData(3, 4, 2, 1)]
    [InlineData(8, 12, 8, 4)]
    public void Groups_that_do_not_divide_channels_and_filters(int channels, int filters, int groups, int nearest) =>
        Expect.Error(
            "CN0004",
            $"Conv2D: groups is {groups} for {channels} channels and {filters} filters; it must be a divisor of both; the nearest is {nearest}",
            $"[Input(8, 8, {channels})]\n[Conv2D({filters}, 3, Groups = [|{groups}|]), Flatten, Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("Conv2DTranspose(4, 3, Strides = 2, OutputPadding = [|2|])", "outputPadding is 2 with a stride of 2; it must be from 0 to 1")]
    [InlineData("Conv2DTranspose(4, 3, OutputPaddingWidth = [|-1|])", "outputPaddingWidth is -1 with a stride of 1; it must be from 0 to 0")]
    [InlineData(
        "Conv2DTranspose(4, 2, Strides = 3, Padding = Padding.Same, OutputPaddingHeight = [|0|])",
        "outputPaddingHeight is 0 with a stride of 3; it must be from 1 to 2")]
    [InlineData(
        "Conv2DTranspose(4, 2, 3, Padding = Padding.Same, OutputPaddingHeight = [|0|])",
        "outputPaddingHeight is 0 with a stride of 1; it must be left out where a padded window of an even extent has no stride")]
    [InlineData("Conv2DTranspose(4, 3, Strides = 2, DilationRate = [|2|])", "dilationRate is 2 with strides 2×2; it must be 1 where a stride is above 1 (Keras)")]
    public void An_option_that_no_transposed_convolution_has(string layer, string message) =>
        Expect.Error("CN0004", $"Conv2DTranspose: {message}", InImages(layer));

    [Theory]
    [InlineData("MaxPooling2D([|16|])", "poolSize", "16×16")]
    [InlineData("MaxPooling2D([|5|], 51)", "poolHeight", "5×51")]
    [InlineData("MaxPooling2D([|2147483647|])", "poolSize", "2147483647×2147483647")]
    public void A_pooling_window_of_too_many_cells(string layer, string argument, string shown) =>
        Expect.Error("CN0004", $"MaxPooling2D: {argument} is {shown}; it must be a window of at most 254 cells", InImages(layer));

    [Theory]
    [InlineData("", "''")]
    [InlineData("1st", "'1st'")]
    [InlineData("a b", "'a b'")]
    [InlineData("a/b", "'a/b'")]
    [InlineData("naïve", "'naïve'")]
    [InlineData("_a", "'_a'")]
    public void A_name_that_cannot_be_a_member(string name, string shown) =>
        Expect.Error("CN0004", $"Dense: name is {shown}; it must be {NameRange}", InImages($"Dense(4, Name = [|\"{name}\"|])"));

    [Fact]
    public void A_name_that_is_too_long()
    {
        string name = new('a', 101);
        Expect.Error("CN0004", $"Dense: name is '{name}'; it must be {NameRange}", InImages($"Dense(4, Name = [|\"{name}\"|])"));
        Expect.Nothing(InImages($"Dense(4, Name = \"{name[1..]}\")"));
    }

    [Fact]
    public void A_name_of_the_input_that_cannot_be_a_member() =>
        Expect.Error(
            "CN0004", $"Input: name is 'the input'; it must be {NameRange}", "[Input(3, Name = [|\"the input\"|]), MeanSquaredError]");

    [Theory]
    [InlineData("Input([|0|])", "0")]
    [InlineData("Input(32, [|0|], 3)", "32×0×3")]
    [InlineData("Input(32, 32, [|-3|])", "32×32×-3")]
    [InlineData("Input([|new int[] { 4, 0 }|])", "4×0")]
    [InlineData("Input(shape: [|new[] { -1 }|])", "-1")]
    public void An_extent_below_one(string input, string shape) =>
        Expect.Error(
            "CN0004", $"Input: shape is {shape}; it must be made of extents of at least 1", $"[{input}]\n[Dense(2), MeanSquaredError]");

    [Theory]
    [InlineData("[|Input|]", "empty")]
    [InlineData("[|Input()|]", "empty")]
    [InlineData("Input([|new int[0]|])", "empty")]
    [InlineData("Input([|null!|])", "empty")]
    [InlineData("Input(1, 2, 3, 4, [|5|])", "1×2×3×4×5")]
    [InlineData("Input(1, 2, 3, 4, [|5|], 6)", "1×2×3×4×5×6")]
    public void An_input_of_the_wrong_rank(string input, string shape) =>
        Expect.Error(
            "CN0004", $"Input: shape is {shape}; it must be 1 to 4 extents, the batch not among them",
            $"[{input}]\n[Dense(2), MeanSquaredError]");

    [Fact]
    public void All_arguments_out_of_range_are_reported_at_once() =>
        Expect.Errors(
            "CN0004",
            [
                "Conv2D: filters is 0; it must be at least 1",
                "Conv2D: kernelSize is -3; it must be at least 1",
                "Conv2D: strides is 0; it must be at least 1",
            ],
            InImages("Conv2D([|0|], [|-3|], Strides = [|0|])"));

    private const string NameRange = "a letter followed by letters, digits and underscores, 100 at most";

    private static string Kind(string layer) => layer[..layer.IndexOf('(', StringComparison.Ordinal)];

    private static string InImages(string layer) =>
        $"[Input(20, 60, 3)]\n[{layer}]\n[Flatten, Dense(2, Name = \"head\"), MeanSquaredError]";
}

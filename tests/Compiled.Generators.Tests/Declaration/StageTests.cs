namespace Compiled.Generators.Tests;

/// <summary>How layers become stages, and what of them is not computed.</summary>
public sealed class StageTests
{
    private const string Cifar =
        """
        [Input(32, 32, 3)]
        [Conv2D(32, 3, Padding = Padding.Same), ReLU]
        [Conv2D(32, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
        [Flatten, Dense(512), ReLU, Dropout(0.5)]
        [Dense(10), Softmax, CategoricalCrossentropy]
        """;

    [Fact]
    public void Fused_layers_share_stages_and_the_softmax_is_part_of_the_loss() =>
        Assert.Equal(
            ["conv2d_1 relu_1", "conv2d_2 relu_2 max_pooling2d_1 dropout_1", "dense_1 relu_3 dropout_2", "dense_2"],
            Network.Stages(Declared(Cifar, "Fusion.Full")));

    [Fact]
    public void Without_fusion_every_layer_is_a_stage() =>
        Assert.Equal(
            [
                "conv2d_1", "relu_1", "conv2d_2", "relu_2", "max_pooling2d_1", "dropout_1", "dense_1", "relu_3", "dropout_2", "dense_2",
                "softmax_1",
            ],
            Network.Stages(Declared(Cifar, "Fusion.None")));

    [Fact]
    public void Both_are_the_same_graph() =>
        Assert.Equal(Network.Of(Declared(Cifar, "Fusion.Full")), Network.Of(Declared(Cifar, "Fusion.None")));

    [Theory]
    [InlineData("Conv2D(2, 2), MaxPooling2D, ReLU", "conv2d_1 max_pooling2d_1 relu_1")] // the maximum of ReLUs is the ReLU of the maximum
    [InlineData("Conv2D(2, 2), MaxPooling2D, Tanh", "conv2d_1 max_pooling2d_1", "tanh_1")]
    [InlineData("Conv2D(2, 2), Dropout(0.5), ReLU", "conv2d_1 dropout_1", "relu_1")]
    [InlineData("Conv2D(2, 2), Sigmoid, ReLU", "conv2d_1 sigmoid_1", "relu_1")]
    [InlineData("Conv2D(2, 2), Softmax, ReLU", "conv2d_1", "softmax_1", "relu_1")]
    [InlineData("Conv2D(2, 2), Linear, ReLU, Dropout(0), MaxPooling2D", "conv2d_1 relu_1 max_pooling2d_1")]
    [InlineData("Conv2D(2, 2), Flatten, ReLU", "conv2d_1", "relu_1")]
    [InlineData("Dense(2), MaxPooling2D", "dense_1", "max_pooling2d_1")]
    [InlineData("Dropout(0.5), ReLU, MaxPooling2D", "dropout_1", "relu_1", "max_pooling2d_1")]
    [InlineData("ReLU, ReLU", "relu_1", "relu_2")]
    [InlineData("BatchNormalization, GlobalAveragePooling2D", "batch_normalization_1 global_average_pooling2d_1")]
    [InlineData("BatchNormalization, ReLU, GlobalAveragePooling2D, Dropout(0.5)", "batch_normalization_1 relu_1 global_average_pooling2d_1", "dropout_1")]
    [InlineData("BatchNormalization, GlobalAveragePooling2D(KeepDims = true), ReLU", "batch_normalization_1 global_average_pooling2d_1", "relu_1")]
    [InlineData("BatchNormalization, Tanh, GlobalAveragePooling2D", "batch_normalization_1 tanh_1", "global_average_pooling2d_1")] // no output is kept
    [InlineData("BatchNormalization, ReLU, GlobalMaxPooling2D", "batch_normalization_1 relu_1", "global_max_pooling2d_1")]
    [InlineData("Conv2D(2, 2), ReLU, GlobalAveragePooling2D", "conv2d_1 relu_1", "global_average_pooling2d_1")]
    [InlineData("ZeroPadding2D(1), Conv2D(2, 3), ReLU", "zero_padding2d_1 conv2d_1 relu_1")]
    [InlineData("ZeroPadding2D(1), Conv2D(2, 3, Padding = Padding.Same)", "zero_padding2d_1 conv2d_1")]
    [InlineData("ZeroPadding2D(2), Cropping2D(1), DepthwiseConv2D(3)", "zero_padding2d_1 cropping2d_1 depthwise_conv2d_1")]
    [InlineData("ZeroPadding2D(1), Cropping2D(2), SeparableConv2D(2, 3)", "zero_padding2d_1 cropping2d_1 separable_conv2d_1", "separable_conv2d_1/pointwise")]
    [InlineData("Cropping2D(1), Conv2D(2, 2)", "cropping2d_1 conv2d_1")]
    [InlineData("Cropping2D(1), Conv2D(2, 1, Padding = Padding.Same)", "cropping2d_1 conv2d_1")]
    [InlineData("Cropping2D(1), Conv2D(2, 2, Padding = Padding.Same)", "cropping2d_1", "conv2d_1")] // the window sees zeros there
    [InlineData("Cropping2D(1, 0, 1, 0), Conv2D(2, 2, Padding = Padding.Same)", "cropping2d_1 conv2d_1")] // it is padded at the other sides
    [InlineData("Cropping2D(1), ZeroPadding2D(1), Conv2D(2, 3)", "cropping2d_1", "zero_padding2d_1 conv2d_1")]
    [InlineData("ZeroPadding2D(1), MaxPooling2D", "zero_padding2d_1", "max_pooling2d_1")] // a pooling does not count what is outside
    [InlineData("ZeroPadding2D(1), Conv2DTranspose(2, 3)", "zero_padding2d_1", "conv2d_transpose_1")]
    [InlineData("ZeroPadding2D(1), ReLU, Conv2D(2, 3)", "zero_padding2d_1", "relu_1", "conv2d_1")]
    [InlineData("UpSampling2D, Conv2D(2, 3), ReLU", "up_sampling2d_1 conv2d_1 relu_1")]
    [InlineData("UpSampling2D(3), UpSampling2D, ZeroPadding2D(1), Conv2D(2, 3), MaxPooling2D", "up_sampling2d_1 up_sampling2d_2 zero_padding2d_1 conv2d_1 max_pooling2d_1")]
    [InlineData("UpSampling2D(Interpolation = Interpolation.Bilinear), Conv2D(2, 3)", "up_sampling2d_1 conv2d_1")]
    [InlineData("UpSampling2D, UpSampling2D(Interpolation = Interpolation.Bilinear), Conv2D(2, 3)", "up_sampling2d_1", "up_sampling2d_2 conv2d_1")]
    [InlineData("UpSampling2D(Interpolation = Interpolation.Bilinear), UpSampling2D, Conv2D(2, 3)", "up_sampling2d_1", "up_sampling2d_2 conv2d_1")]
    [InlineData(
        "ReLU, Concatenate(\"relu_1\"), UpSampling2D(Interpolation = Interpolation.Bilinear), Conv2D(2, 3)",
        "relu_1", "concatenate_1 up_sampling2d_1 conv2d_1")]
    [InlineData("ZeroPadding2D(1), UpSampling2D, Conv2D(2, 3)", "zero_padding2d_1", "up_sampling2d_1 conv2d_1")]
    [InlineData("UpSampling2D, ReLU, Conv2D(2, 3)", "up_sampling2d_1", "relu_1", "conv2d_1")]
    [InlineData("UpSampling2D, MaxPooling2D(3)", "up_sampling2d_1", "max_pooling2d_1")]
    [InlineData("UpSampling2D, Conv2DTranspose(2, 3)", "up_sampling2d_1", "conv2d_transpose_1")]
    [InlineData("Conv2D(2, 1), UpSampling2D, DepthwiseConv2D(3)", "conv2d_1", "up_sampling2d_1", "depthwise_conv2d_1")]
    [InlineData("Conv2D(2, 1), UpSampling2D, Conv2D(2, 3, Groups = 2)", "conv2d_1", "up_sampling2d_1", "conv2d_2")]
    [InlineData("UpSampling2D, Conv2D(1, 1), Add(\"up_sampling2d_1\")", "up_sampling2d_1", "conv2d_1", "add_1")] // two read it
    [InlineData(
        "ReLU, MaxPooling2D, Tanh, UpSampling2D, Concatenate(\"relu_1\"), Conv2D(2, 3)",
        "relu_1", "max_pooling2d_1", "tanh_1", "up_sampling2d_1 concatenate_1 conv2d_1")]
    [InlineData("ReLU, Tanh, Concatenate(\"relu_1\", Axis = 1), Conv2D(2, 3)", "relu_1", "tanh_1", "concatenate_1", "conv2d_1")]
    [InlineData("ReLU, Concatenate(\"relu_1\"), UpSampling2D, Conv2D(2, 3)", "relu_1", "concatenate_1 up_sampling2d_1 conv2d_1")]
    [InlineData(
        "ReLU, Tanh, Concatenate(\"relu_1\", \"tanh_1\"), Concatenate(\"relu_1\"), Conv2D(2, 3)",
        "relu_1", "tanh_1", "concatenate_1 concatenate_2 conv2d_1")]
    [InlineData(
        "ReLU, Tanh, Concatenate(\"relu_1\", \"tanh_1\"), Concatenate(\"relu_1\", \"tanh_1\"), Conv2D(2, 3)",
        "relu_1", "tanh_1", "concatenate_1", "concatenate_2 conv2d_1")] // five inputs are too many
    public void What_joins_a_stage(string layers, params string[] stages) =>
        Assert.Equal(stages, Network.Stages(Declared($"[Input(6, 6, 1), {layers}, MeanSquaredError]", "Fusion.Full")));

    [Theory]
    [InlineData("Conv2D(2, 2, Name = \"a\"), ReLU, MaxPooling2D", "4×4×2", "2×2×2")] // the convolution gives 5×5
    [InlineData("Conv2D(2, 2, Name = \"a\"), Dropout(0.5), MaxPooling2D", "5×5×2", "5×5×2")] // a mask counts all elements
    [InlineData("Conv2D(2, 2, Name = \"a\"), Softmax, MaxPooling2D", "5×5×2", "5×5×2")]
    [InlineData("Dense(2, Name = \"a\"), MaxPooling2D(4)", "6×6×2", "6×6×2")]
    [InlineData("Conv2D(2, 2, Name = \"a\"), Conv2D(1, 2, Strides = 2)", "4×4×2", "4×4×2")]
    [InlineData("Conv2D(2, 2, Name = \"a\"), Sigmoid, Tanh, MaxPooling2D", "4×4×2", "4×4×2")] // element by element
    public void What_nobody_reads_is_left_out_where_a_stage_can(string layers, string computed, string stored)
    {
        ModelLayout layout = Network.Layout(Declared($"[Input(6, 6, 1), {layers}, MeanSquaredError]", "Fusion.Full"));
        Assert.Equal(computed, layout.Stages[0].Anchor.ToString());
        Assert.Equal(stored, layout.Stages[0].Output.ToString());
    }

    [Fact]
    public void An_activation_of_a_flattened_image_computes_all_of_a_vector()
    {
        ModelLayout layout = Network.Layout(Declared("[Input(6, 6, 1), Conv2D(2, 3), Flatten, Sigmoid, MeanSquaredError]", "Fusion.Full"));
        StagePlan stage = layout.Stages[1];
        Assert.Equal(("32", "32"), (stage.Output.ToString(), stage.LogicalOutput.ToString()));
        Assert.Empty(stage.Trimmed);
    }

    [Theory]
    [InlineData("[Input(5, 5, 3), ReLU, MaxPooling2D, MeanSquaredError]")]
    [InlineData("[Input(5, 5, 3), Softmax, MaxPooling2D, MeanSquaredError]")]
    [InlineData("[Input(5, 5, 3), Dense(2), Tanh, MaxPooling2D, MeanSquaredError]")]
    [InlineData("[Input(9, 9, 3), Conv2D(2, 3, Strides = 2), Softmax, MaxPooling2D(3), MeanSquaredError]")]
    [InlineData("[Input(9, 9, 3), Conv2D(2, 2), Dropout(0.5), ReLU, MaxPooling2D(3), MeanSquaredError]")]
    public void A_stage_that_cannot_leave_anything_out_has_room_for_all(string layers)
    {
        ModelLayout layout = Network.Layout(Declared(layers, "Fusion.Full"));
        Assert.All(
            layout.Stages.Where(stage => stage.Operation is not (Conv2DOperation or MaxPooling2DOperation)),
            stage =>
            {
                Assert.Equal(stage.LogicalInput, stage.Input);
                Assert.Equal(stage.LogicalOutput, stage.Output);
            });
    }

    [Theory]
    [InlineData("Conv2D(2, 3), BatchNormalization, ReLU", "_predict1: Conv2D 3×3 · bias · BatchNormalization · ReLU")]
    [InlineData("Conv2D(2, 3, UseBias = false), BatchNormalization, ReLU, MaxPooling2D", "_predict1: Conv2D 3×3 · BatchNormalization · ReLU · MaxPooling2D 2×2")]
    [InlineData(
        "Conv2D(2, 3), BatchNormalization, ReLU, GlobalAveragePooling2D",
        "_predict1: Conv2D 3×3 · bias · BatchNormalization · ReLU", "_predict2: GlobalAveragePooling2D")]
    [InlineData("DepthwiseConv2D(3), BatchNormalization", "_predict1: DepthwiseConv2D 3×3 · bias · BatchNormalization")]
    [InlineData("Conv2DTranspose(2, 3), BatchNormalization, Tanh", "_predict1: Conv2DTranspose 3×3 · bias · BatchNormalization · Tanh")]
    [InlineData("Dense(2), BatchNormalization, Sigmoid", "_predict1: Dense 2 · bias · BatchNormalization · Sigmoid")]
    [InlineData("ZeroPadding2D(1), Conv2D(2, 3), Dropout(0.5), BatchNormalization", "_predict1: ZeroPadding2D 1 · Conv2D 3×3 · bias · BatchNormalization")]
    [InlineData("Conv2D(2, 3), ReLU, BatchNormalization", "_stage1: Conv2D 3×3 · bias · ReLU", "_stage2: BatchNormalization")]
    [InlineData("Conv2D(2, 3), BatchNormalization, BatchNormalization", "_predict1: Conv2D 3×3 · bias · BatchNormalization", "_stage3: BatchNormalization")]
    [InlineData("Conv2D(2, 3, Name = \"a\"), BatchNormalization, Add(\"a\")", "_stage1: Conv2D 3×3 · bias", "_predict2: BatchNormalization · Add")]
    [InlineData("Conv2D(2, 3, Name = \"a\"), Conv2D(2, 1), BatchNormalization, Add(\"a\"), ReLU", "_stage1: Conv2D 3×3 · bias", "_predict2: Conv2D 1×1 · bias · BatchNormalization · Add · ReLU")]
    [InlineData("Conv2D(2, 3, Name = \"a\"), Tanh, Conv2D(2, 1), Add(\"a\"), MaxPooling2D", "_stage1: Conv2D 3×3 · bias", "_stage2: Tanh", "_predict3: Conv2D 1×1 · bias · Add", "_stage5: MaxPooling2D 2×2")]
    [InlineData("Conv2D(2, 3, Name = \"a\"), Conv2D(2, 1), MaxPooling2D(2, Strides = 1, Padding = Padding.Same), Add(\"a\")", "_stage1: Conv2D 3×3 · bias", "_stage2: Conv2D 1×1 · bias · MaxPooling2D 2×2 stride 1 same", "_stage3: Add")]
    [InlineData("Dense(2, Name = \"a\"), Dense(2), BatchNormalization, Add(\"a\")", "_stage1: Dense 2 · bias", "_stage2: Dense 2 · bias", "_stage3: BatchNormalization · Add")]
    [InlineData("Flatten, Dense(2), BatchNormalization", "_predict1: Dense 2 · bias · BatchNormalization")]
    [InlineData("Conv2D(2, 3), ReLU, Dropout(0.5)", "_stage1: Conv2D 3×3 · bias · ReLU")]
    [InlineData("Conv2D(2, 3), Dropout(0.5), ReLU", "_predict1: Conv2D 3×3 · bias · ReLU")]
    [InlineData("UpSampling2D, Conv2D(2, 3), Dropout(0.5)", "_stage1: UpSampling2D 2×2 · Conv2D 3×3 · bias")]
    [InlineData("UpSampling2D, Conv2D(2, 3), BatchNormalization, ReLU", "_predict1: UpSampling2D 2×2 · Conv2D 3×3 · bias · BatchNormalization · ReLU")]
    public void How_prediction_is_computed(string layers, params string[] stages) =>
        Assert.Equal(stages, Network.Prediction(Declared($"[Input(6, 6, 1), {layers}, MeanSquaredError]", "Fusion.Full")));

    [Fact]
    public void Without_fusion_prediction_only_drops_what_training_needs() =>
        Assert.Equal(
            ["_stage1: Conv2D 3×3 · bias", "_stage2: BatchNormalization", "_stage3: ReLU"],
            Network.Prediction(Declared("[Input(6, 6, 1), Conv2D(2, 3), BatchNormalization, ReLU, Dropout(0.5), MeanSquaredError]", "Fusion.None")));

    [Fact]
    public void What_reaches_no_loss_is_no_stage() =>
        Assert.Equal(
            ["stem relu_1", "head"],
            Network.Stages(Project.Of(Expect.Declare(
                """
                [Input(6, 6, 1)]
                [Conv2D(2, 3, Name = "stem"), ReLU]
                [Conv2D(2, 3), ReLU, MaxPooling2D, Dropout(0.5), Flatten, Dense(3)]
                [Dense(2, Name = "head", From = "relu_1"), MeanSquaredError]
                """))));

    [Fact]
    public void A_branch_may_begin_at_the_input() =>
        Assert.Equal(
            ["dense_2"],
            Network.Stages(
                Project.Of(Expect.Declare("[Input(3, Name = \"x\")]\n[Dense(4)]\n[Dense(2, From = \"x\")]\n[MeanSquaredError]"))));

    [Theory]
    [InlineData("Float32", "")]
    [InlineData("TF32", "precision = (int)cn_precision.CN_PRECISION_TF32,")]
    [InlineData("BFloat16", "precision = (int)cn_precision.CN_PRECISION_BFLOAT16,")]
    public void The_precision_reaches_every_product(string precision, string member)
    {
        var project = Expect.NothingIn($"using Compiled;\n[Model(Precision = Precision.{precision})]\n{Cifar}\npublic partial class Net;");
        string code = ModelGenerator.Compile(Network.Spec(project))!;
        Assert.Contains($"Precision = global::Compiled.Precision.{precision},", code, StringComparison.Ordinal);
        Assert.Equal(member.Length == 0 ? 0 : 4, code.Split("cn_precision.").Length - 1);
        Assert.Contains(member, code, StringComparison.Ordinal);
        Assert.Equal(Network.Stages(Declared(Cifar, "Fusion.Full")), Network.Stages(project));
    }

    private static Project Declared(string layers, string fusion) =>
        Expect.NothingIn($"using Compiled;\n[Model(Fusion = {fusion})]\n{layers}\npublic partial class Net;");
}

namespace Compiled.Tests;

/// <summary>
/// Every case of the golden folder, run from what its file says: the native ops on all instruction sets are held against it. What may be
/// skipped stands here; any other case that is not covered fails. <see cref="ReferenceGoldenTests"/> skips nothing.
/// </summary>
[NotSanitized("The native tests run these ops under the sanitizers, and other tests networks like these.")]
public sealed class GoldenTests
{
    // What other versions of Keras do, or what no run of ours can be given.
    private static readonly string[] Alternatives =
        ["bilinear up-sampling of old versions of Keras", "two ways to clip", "dropout with a given mask"];

    // What this version does not have.
    private static readonly string[] Missing = ["image_apply_transform", "image_standardize", "image_zca"];

    public static TheoryData<string> Cases => new(GoldenCase.Names());

    [Theory]
    [MemberData(nameof(Cases))]
    public void Golden_case(string name)
    {
        GoldenCase golden = GoldenCase.Open(name);
        IEnumerable<string> missing = golden.Op switch
        {
            "activation" => LayerGolden.Activation(golden),
            "add" => LayerGolden.Add(golden),
            "average_pooling2d" => LayerGolden.AveragePooling2D(golden),
            "batch_normalization" => LayerGolden.BatchNormalization(golden),
            "concatenate" => LayerGolden.Concatenate(golden),
            "conv2d" => LayerGolden.Conv2D(golden),
            "cropping2d" => LayerGolden.Cropping2D(golden),
            "dense" => LayerGolden.Dense(golden),
            "dropout" => LayerGolden.Dropout(golden),
            "flatten" => LayerGolden.Flatten(golden),
            "global_average_pooling2d" => LayerGolden.GlobalPooling2D(golden, isMax: false),
            "global_max_pooling2d" => LayerGolden.GlobalPooling2D(golden, isMax: true),
            "max_pooling2d" => LayerGolden.MaxPooling2D(golden),
            "upsampling2d" => LayerGolden.UpSampling2D(golden),
            "zero_padding2d" => LayerGolden.ZeroPadding2D(golden),
            "loss" => LossGolden.Loss(golden),
            "metric" => LossGolden.Metric(golden),
            "optimizer" => OptimizerGolden.Run(golden),
            "philox4x32" => DataGolden.Philox(golden),
            "cifar10_binary" => DataGolden.Cifar10Binary(golden),
            "train" => WholeModelGolden.Train(golden),
            "loss_and_gradients" => BranchedModelGolden.Differentiate(golden),
            _ => [golden.Op],
        };
        string[] uncovered = [.. missing];
        Assert.Equal([], uncovered.Except([.. Alternatives, .. Missing]));
        if (uncovered.Length > 0)
            Assert.Skip($"not covered: {string.Join(", ", uncovered)}");
    }
}

namespace Compiled.Tests;

/// <summary>
/// Every case of the golden folder, run from what its file says: the native ops on all instruction sets are held against it. A case that
/// asks for something this version does not have is skipped, and says for what. <see cref="ReferenceGoldenTests"/> skips nothing.
/// </summary>
public sealed class GoldenTests
{
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
        if (uncovered.Length > 0)
            Assert.Skip($"not covered: {string.Join(", ", uncovered)}");
    }

    [Fact]
    public void The_folder_holds_cases_of_every_op_of_this_version()
    {
        string[] ops = [.. GoldenCase.Names().Select(name => GoldenCase.Open(name).Op).Distinct()];
        foreach (string op in (string[])
            [
                "activation", "add", "average_pooling2d", "batch_normalization", "concatenate", "conv2d", "cropping2d", "dense", "dropout",
                "global_average_pooling2d", "global_max_pooling2d", "loss", "loss_and_gradients", "max_pooling2d", "optimizer", "philox4x32",
                "train", "upsampling2d", "zero_padding2d",
            ])
            Assert.Contains(op, ops);
    }
}

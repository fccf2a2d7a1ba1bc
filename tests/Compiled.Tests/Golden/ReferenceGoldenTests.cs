namespace Compiled.Tests;

/// <summary>
/// The reference on every golden case but those of data and images, none left out: each result tensor of a case is compared. What kernels
/// are held against is thereby itself held against numbers from elsewhere.
/// </summary>
public sealed class ReferenceGoldenTests
{
    // Reading and changing images is not arithmetic of the reference.
    private static readonly string[] GroupsOfData = ["cifar_binary", "image_standardize", "image_transform", "image_zca"];

    // What other versions of Keras give; the decided semantics take the tensors beside them.
    private static readonly string[] Alternatives = ["_tf2", "_unbiased", "_keras231", "_nonzero_count"];

    // Attributes that say nothing which the tensors do not show, and words for readers.
    private static readonly string[] Redundant =
        ["batch", "classes", "data_format", "epsilon_position", "filters", "graph", "labels", "units"];

    private static readonly Dictionary<string, Action<GoldenCase>> Runs = new()
    {
        ["activation"] = ReferenceLayerGolden.Activation,
        ["add"] = ReferenceLayerGolden.Add,
        ["average_pooling2d"] = ReferenceLayerGolden.AveragePooling2D,
        ["batch_normalization"] = ReferenceLayerGolden.BatchNormalization,
        ["concatenate"] = ReferenceLayerGolden.Concatenate,
        ["conv2d"] = ReferenceLayerGolden.Conv2D,
        ["cropping2d"] = ReferenceLayerGolden.Cropping2D,
        ["dense"] = ReferenceLayerGolden.Dense,
        ["dropout"] = ReferenceLayerGolden.Dropout,
        ["flatten"] = ReferenceLayerGolden.Flatten,
        ["global_average_pooling2d"] = ReferenceLayerGolden.GlobalAveragePooling2D,
        ["global_max_pooling2d"] = ReferenceLayerGolden.GlobalMaxPooling2D,
        ["loss"] = ReferenceLossGolden.Loss,
        ["loss_and_gradients"] = ReferenceModelGolden.Differentiate,
        ["max_pooling2d"] = ReferenceLayerGolden.MaxPooling2D,
        ["metric"] = ReferenceLossGolden.Metric,
        ["optimizer"] = ReferenceOptimizerGolden.Run,
        ["philox4x32"] = ReferenceLayerGolden.Philox,
        ["train"] = ReferenceModelGolden.Train,
        ["upsampling2d"] = ReferenceLayerGolden.UpSampling2D,
        ["zero_padding2d"] = ReferenceLayerGolden.ZeroPadding2D,
    };

    public static TheoryData<string> Cases => new(GoldenCase.Names().Where(name => !GroupsOfData.Contains(Group(name))));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Reference_gives_the_golden_case(string name)
    {
        GoldenCase golden = GoldenCase.Open(name);
        Runs[golden.Op](golden);
        Assert.DoesNotContain(golden.Unread, tensor => !Alternatives.Any(suffix => tensor.Contains(suffix, StringComparison.Ordinal)));
        Assert.Equal([], golden.UnreadAttributes.Except(Redundant));
    }

    [Fact]
    public void Each_group_of_the_folder_is_consumed()
    {
        string[] folders =
            [.. Directory.EnumerateDirectories(GoldenCase.Folder).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];
        string[] consumed = [.. Cases.Select(row => Group(row.Data)).Concat(GroupsOfData).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal(folders, consumed);
        IEnumerable<string> ops = Cases.Select(row => GoldenCase.Open(row.Data).Op).Distinct();
        Assert.Equal(Runs.Keys.Order(StringComparer.Ordinal), ops.Order(StringComparer.Ordinal));
    }

    private static string Group(string name) => name[..name.IndexOf('/', StringComparison.Ordinal)];
}

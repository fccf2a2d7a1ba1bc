namespace Compiled.Examples;

/// <summary>The images to train on and to test with.</summary>
/// <param name="Train">The training images.</param>
/// <param name="Test">The test images.</param>
/// <param name="Source">What they are, in a few words.</param>
internal sealed record TrainingData(ArrayDataset Train, ArrayDataset Test, string Source)
{
    private const int DrawnTrain = 10_000;
    private const int DrawnTest = 2_000;
    private const ulong DrawnTrainSeed = 1;
    private const ulong DrawnTestSeed = 2;

    /// <summary>
    /// CIFAR-10 from the directory that is named, else from the cache, else downloaded; where none of these is to be had, images that are
    /// drawn here. A directory that is named and does not hold the data is an error.
    /// </summary>
    public static TrainingData Load(string? directory, TextWriter output, CancellationToken cancellationToken)
    {
        if (directory is not null)
            return FromCifar10(Cifar10.Load(directory, cancellationToken), $"CIFAR-10 in {directory}");
        if (Cifar10.FindCached() is { } cached)
            return FromCifar10(Cifar10.Load(cached, cancellationToken), $"CIFAR-10 in {cached}");
        try
        {
            output.WriteLine("data     CIFAR-10 is not in the cache; downloading it (162 MB)");
            return FromCifar10(Cifar10.Load(cancellationToken: cancellationToken), $"CIFAR-10, downloaded to {Cifar10.FindCached()}");
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            output.WriteLine($"data     CIFAR-10 cannot be had: {OneLine(fault.Message)}. Training on drawn shapes instead; --data DIR names its binary files.");
            return new TrainingData(
                DrawnShapes.Create(DrawnTrain, DrawnTrainSeed), DrawnShapes.Create(DrawnTest, DrawnTestSeed), "drawn shapes (built in)");
        }
    }

    public TrainingData Limit(int? count) => count is { } given ? this with { Train = Train.Take(given) } : this;

    public override string ToString() =>
        $"{Source} · {Train.Count:N0} training and {Test.Count:N0} test images, {string.Join('×', Train.InputShape)}, {Train.ClassCount} classes";

    private static TrainingData FromCifar10(Cifar10.Sets sets, string source) => new(sets.Train, sets.Test, source);

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}

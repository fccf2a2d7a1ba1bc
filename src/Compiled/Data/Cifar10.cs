namespace Compiled;

/// <summary>
/// CIFAR-10 (Krizhevsky, 2009): 50,000 training and 10,000 test colour images of 32×32 pixels in ten classes, in the standard
/// binary files <c>data_batch_1.bin</c> … <c>data_batch_5.bin</c> and <c>test_batch.bin</c>.
/// </summary>
public static class Cifar10
{
    private const int Height = 32;
    private const int Width = 32;
    private const int Channels = 3;
    private const int PlaneBytes = Height * Width;
    private const int ImageBytes = Channels * PlaneBytes;
    private const int RecordBytes = 1 + ImageBytes;
    private const int Classes = 10;
    private const string Folder = "cifar-10-batches-bin";
    private const string TestFile = "test_batch.bin";

    /// <summary>The names of the ten classes, by class number.</summary>
    public static IReadOnlyList<string> ClassNames { get; } =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>The training and the test set: images [32, 32, 3] with values in [0, 1], class numbers 0 to 9.</summary>
    /// <param name="Train">The training images.</param>
    /// <param name="Test">The test images.</param>
    public sealed record Sets(ArrayDataset Train, ArrayDataset Test);

    /// <summary>Loads the data set from a directory, or from the cache, downloading it first if needed.</summary>
    /// <param name="directory">
    /// The directory of the binary files or the one above it; null for the cache. Of the training files, 2 to 5 may be missing.
    /// </param>
    /// <param name="cancellationToken">Stops a download; it is resumed the next time.</param>
    /// <exception cref="DirectoryNotFoundException">The directory does not hold the files.</exception>
    /// <exception cref="InvalidDataException">A file is damaged; the message names it and the byte.</exception>
    /// <exception cref="HttpRequestException">The archive cannot be downloaded.</exception>
    public static Sets Load(string? directory = null, CancellationToken cancellationToken = default)
    {
        string? folder = directory is null ? FindCached() : Find(directory);
        if (folder is null && directory is null)
            folder = Cifar10Archive.Official.Download(Cifar10Archive.CacheDirectory, cancellationToken);
        if (folder is null)
        {
            throw new DirectoryNotFoundException(
                $"'{directory}' holds no CIFAR-10: data_batch_1.bin … data_batch_5.bin and {TestFile} were looked for there and in {Folder} below it.");
        }

        string[] training = [.. Enumerable.Range(1, 5).Select(i => Path.Combine(folder, $"data_batch_{i}.bin")).Where(File.Exists)];
        return new Sets(Read(training), Read([Path.Combine(folder, TestFile)]));
    }

    /// <summary>The directory in the cache that already holds the data set, or null.</summary>
    public static string? FindCached() => Find(Cifar10Archive.CacheDirectory);

    /// <summary>Reads files of the binary format.</summary>
    /// <param name="paths">The files; their images follow one another.</param>
    /// <exception cref="InvalidDataException">A file is damaged; the message names it and the byte.</exception>
    public static ArrayDataset Read(IReadOnlyList<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        byte[][] files = [.. paths.Select(File.ReadAllBytes)];
        for (int i = 0; i < files.Length; i++)
            RequireWholeRecords(files[i], paths[i]);

        int count = checked(files.Sum(file => file.Length) / RecordBytes);
        byte[] images = new byte[checked(count * ImageBytes)];
        int[] classIds = new int[count];
        int first = 0;
        foreach (byte[] file in files)
        {
            int start = first;
            Parallel.For(0, file.Length / RecordBytes, record =>
            {
                ReadOnlySpan<byte> bytes = file.AsSpan(record * RecordBytes, RecordBytes);
                classIds[start + record] = bytes[0];
                Interleave(bytes[1..], images.AsSpan((start + record) * ImageBytes, ImageBytes));
            });
            first += file.Length / RecordBytes;
        }

        return new ArrayDataset(images, [Height, Width, Channels], classIds, Classes);
    }

    private static string? Find(string directory)
    {
        string[] candidates = [directory, Path.Combine(directory, Folder)];
        return Array.Find(
            candidates, folder => File.Exists(Path.Combine(folder, TestFile)) && File.Exists(Path.Combine(folder, "data_batch_1.bin")));
    }

    private static void RequireWholeRecords(byte[] file, string path)
    {
        int rest = file.Length % RecordBytes;
        if (file.Length == 0 || rest != 0)
        {
            throw new InvalidDataException(
                $"'{path}' is damaged: record {file.Length / RecordBytes:N0} (byte {file.Length - rest:N0}) has {rest:N0} bytes; " +
                $"records are {RecordBytes:N0} bytes.");
        }

        for (int at = 0; at < file.Length; at += RecordBytes)
        {
            if (file[at] >= Classes)
            {
                throw new InvalidDataException(
                    $"'{path}' is damaged: record {at / RecordBytes:N0} (byte {at:N0}) has label {file[at]}; labels are 0 to {Classes - 1}.");
            }
        }
    }

    /// <summary>The files store red, green and blue planes; networks read the channels of a pixel together.</summary>
    private static void Interleave(ReadOnlySpan<byte> planes, Span<byte> pixels)
    {
        ReadOnlySpan<byte> red = planes[..PlaneBytes];
        ReadOnlySpan<byte> green = planes.Slice(PlaneBytes, PlaneBytes);
        ReadOnlySpan<byte> blue = planes.Slice(2 * PlaneBytes, PlaneBytes);
        for (int i = 0; i < red.Length; i++)
        {
            pixels[Channels * i] = red[i];
            pixels[Channels * i + 1] = green[i];
            pixels[Channels * i + 2] = blue[i];
        }
    }
}

using System.Formats.Tar;
using System.IO.Compression;

namespace Compiled.Tests;

/// <summary>Files in the layout of CIFAR-10, with few records.</summary>
internal static class CifarFiles
{
    public const string Folder = "cifar-10-batches-bin";
    public const int RecordBytes = 3073;

    public static readonly string[] Batches =
        ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"];

    /// <summary>Records with labels in turn and pixels that differ from each other.</summary>
    public static byte[] Records(int count, int first = 0)
    {
        byte[] file = new byte[count * RecordBytes];
        for (int record = 0; record < count; record++)
        {
            file[record * RecordBytes] = (byte)((first + record) % 10);
            for (int i = 1; i < RecordBytes; i++)
                file[record * RecordBytes + i] = (byte)((first + record) * 31 + i * 7 + i / 1024);
        }

        return file;
    }

    /// <summary>Writes the six files, each with a number of records.</summary>
    public static void Write(string directory, int records)
    {
        Directory.CreateDirectory(directory);
        for (int i = 0; i < Batches.Length; i++)
            File.WriteAllBytes(Path.Combine(directory, Batches[i]), Records(records, first: i * records));
    }

    /// <summary>The entries of the official archive, with two records a file.</summary>
    public static List<TarEntry> Entries() =>
    [
        new UstarTarEntry(TarEntryType.Directory, Folder + "/"),
        .. Batches.Select((name, i) => FileEntry($"{Folder}/{name}", Records(2, first: i * 2))),
        FileEntry(Folder + "/batches.meta.txt", "airplane\n"u8.ToArray()),
        FileEntry(Folder + "/readme.html", "<html>"u8.ToArray()),
    ];

    public static UstarTarEntry FileEntry(string name, byte[] content) =>
        new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) };

    public static byte[] Tar(IEnumerable<TarEntry> entries)
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (TarEntry entry in entries)
                tar.WriteEntry(entry);
        }

        return stream.ToArray();
    }

    public static byte[] Gzip(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(content);
        return stream.ToArray();
    }
}

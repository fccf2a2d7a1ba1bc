using System.Formats.Tar;
using System.Security.Cryptography;

namespace Compiled.Tests;

/// <summary>Archives with the right checksum and the wrong content: nothing but the files of the data set ever reaches the disk.</summary>
public sealed class Cifar10UnpackingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public Cifar10UnpackingTests()
    {
        Directory.CreateDirectory(Cache);
    }

    public static TheoryData<string> HostileEntries => new(Hostile.Keys);

    private static Dictionary<string, Func<TarEntry>> Hostile { get; } = new()
    {
        ["a symbolic link"] =
            () => new UstarTarEntry(TarEntryType.SymbolicLink, "cifar-10-batches-bin/readme.html") { LinkName = "/etc/passwd" },
        ["a symbolic link for the folder"] =
            () => new UstarTarEntry(TarEntryType.SymbolicLink, "cifar-10-batches-bin") { LinkName = "/tmp" },
        ["a hard link"] = () => new UstarTarEntry(TarEntryType.HardLink, "cifar-10-batches-bin/readme.html") { LinkName = "/etc/passwd" },
        ["a character device"] =
            () => new UstarTarEntry(TarEntryType.CharacterDevice, "cifar-10-batches-bin/readme.html") { DeviceMajor = 1, DeviceMinor = 3 },
        ["a block device"] = () => new UstarTarEntry(TarEntryType.BlockDevice, "cifar-10-batches-bin/readme.html"),
        ["a pipe"] = () => new UstarTarEntry(TarEntryType.Fifo, "cifar-10-batches-bin/readme.html"),
        ["an absolute path"] = () => CifarFiles.FileEntry("/tmp/compiled-tests-absolute", [1]),
        ["a drive"] = () => CifarFiles.FileEntry("C:\\data_batch_1.bin", [1]),
        ["a share"] = () => CifarFiles.FileEntry("\\\\server\\share\\data_batch_1.bin", [1]),
        ["a way out"] = () => CifarFiles.FileEntry("../outside", [1]),
        ["a way out of the folder"] = () => CifarFiles.FileEntry("cifar-10-batches-bin/../../outside", [1]),
        ["a way out and in again"] = () => CifarFiles.FileEntry("cifar-10-batches-bin/../cifar-10-batches-bin/data_batch_1.bin", [1]),
        ["a backslash"] = () => CifarFiles.FileEntry("cifar-10-batches-bin/..\\..\\outside", [1]),
        ["a dot"] = () => CifarFiles.FileEntry("./cifar-10-batches-bin/readme.html", [1]),
        ["a folder within"] = () => CifarFiles.FileEntry("cifar-10-batches-bin/more/data_batch_1.bin", [1]),
        ["another name"] = () => CifarFiles.FileEntry("cifar-10-batches-bin/data_batch_6.bin", [1]),
        ["another case"] = () => CifarFiles.FileEntry("cifar-10-batches-bin/Data_Batch_1.bin", [1]),
        ["a trailing dot"] = () => CifarFiles.FileEntry("cifar-10-batches-bin/readme.html.", [1]),
        ["no name"] = () => CifarFiles.FileEntry("cifar-10-batches-bin/", [1]),
        ["a file for the folder"] = () => CifarFiles.FileEntry("cifar-10-batches-bin", [1]),
        ["another folder"] = () => new UstarTarEntry(TarEntryType.Directory, "elsewhere/"),
        ["the folder above"] = () => new UstarTarEntry(TarEntryType.Directory, "../"),
        ["a file twice"] = () => CifarFiles.FileEntry("cifar-10-batches-bin/data_batch_1.bin", [1]),
        ["the folder twice"] = () => new UstarTarEntry(TarEntryType.Directory, "cifar-10-batches-bin/"),
        ["a file that is too long"] = () => CifarFiles.FileEntry("cifar-10-batches-bin/readme.html", new byte[60_001]),
        ["attributes of all"] = () => new PaxGlobalExtendedAttributesTarEntry([new("path", "/tmp/outside")]),
        ["an absolute path by attribute"] =
            () => new PaxTarEntry(TarEntryType.RegularFile, "/tmp/compiled-tests-absolute") { DataStream = new MemoryStream([1]) },
        ["a long name"] = () => new GnuTarEntry(TarEntryType.RegularFile, CifarFiles.Folder + new string('n', 300)),
    };

    private string Cache => _folder["cache"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(HostileEntries))]
    public void A_hostile_entry_is_refused(string what)
    {
        List<TarEntry> entries = CifarFiles.Entries();
        entries.RemoveAll(entry => entry.Name.EndsWith("readme.html", StringComparison.Ordinal));
        entries.Add(Hostile[what]());
        ExpectRefused(CifarFiles.Gzip(CifarFiles.Tar(entries)));
    }

    [Fact]
    public void An_archive_without_one_of_the_files_is_refused()
    {
        foreach (string missing in CifarFiles.Batches)
        {
            List<TarEntry> entries = CifarFiles.Entries();
            entries.RemoveAll(entry => entry.Name.EndsWith(missing, StringComparison.Ordinal));
            Assert.EndsWith($"lacks {missing}.", ExpectRefused(CifarFiles.Gzip(CifarFiles.Tar(entries))), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_no_archive_is_refused()
    {
        byte[] tar = CifarFiles.Tar(CifarFiles.Entries());
        byte[] gzip = CifarFiles.Gzip(tar);
        ExpectRefused([]);
        ExpectRefused("<html>not found</html>"u8.ToArray());
        ExpectRefused(tar);
        ExpectRefused(CifarFiles.Gzip([]));
        ExpectRefused(CifarFiles.Gzip(new byte[1024]));
        ExpectRefused(CifarFiles.Gzip("<html>not found</html>"u8.ToArray()));
        for (int length = 1; length < gzip.Length; length += 97)
            ExpectRefused(gzip[..length]);
        for (int length = 1; length < tar.Length - 4096; length += 1009)
            ExpectRefused(CifarFiles.Gzip(tar[..length]));
    }

    [Fact]
    public void A_small_archive_that_unpacks_to_much_is_refused()
    {
        // An extended header is read whole before its entry is seen: this one is said to have, and has, far more than the limit.
        var comment = new KeyValuePair<string, string>("comment", new string('x', 3_000_000));
        byte[] tar = CifarFiles.Tar([new PaxTarEntry(TarEntryType.RegularFile, "cifar-10-batches-bin/readme.html", [comment])]);
        Assert.Contains("unpacks to more than the limit of 1,000,000 bytes", ExpectRefused(CifarFiles.Gzip(tar)), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_mutation_of_the_headers_is_unpacked_or_refused()
    {
        byte[] good = CifarFiles.Tar(CifarFiles.Entries());
        for (int mutation = 0; mutation < 500; mutation++)
        {
            byte[] tar = [.. good];
            int header = Headers(tar)[(int)(Philox.Word((ulong)mutation, 0xF004, 0, 0) % 9)];
            for (uint change = 0; change < 1 + mutation % 3; change++)
                tar[header + (int)(Philox.Word((ulong)mutation, 0xF004, 1, change) % 512)] =
                    (byte)Philox.Word((ulong)mutation, 0xF004, 2, change);
            if (mutation % 4 != 0)
                Sign(tar.AsSpan(header, 512));
            try
            {
                string folder = Unpack(CifarFiles.Gzip(tar));
                Assert.All(Directory.GetFileSystemEntries(folder),
                    path => Assert.True(File.Exists(path) && !new FileInfo(path).Attributes.HasFlag(FileAttributes.ReparsePoint)));
                Directory.Delete(folder, recursive: true);
            }
            catch (InvalidDataException)
            {
            }

            Assert.Equal([Cache], Directory.GetFileSystemEntries(_folder.Path));
            Assert.DoesNotContain(Directory.GetFileSystemEntries(Cache), Directory.Exists);
        }
    }

    [Fact]
    public void What_an_older_process_left_is_replaced()
    {
        string staging = Path.Combine(Cache, $".unpacking.{Environment.ProcessId}"), target = Path.Combine(Cache, CifarFiles.Folder);
        CifarFiles.Write(staging, records: 1);
        CifarFiles.Write(target, records: 1);
        File.WriteAllText(Path.Combine(target, "old"), "");
        string folder = Unpack(CifarFiles.Gzip(CifarFiles.Tar(CifarFiles.Entries())));
        Assert.Equal([target], Directory.GetFileSystemEntries(Cache));
        Assert.Equal(CifarFiles.Batches.Append("batches.meta.txt").Append("readme.html").Order(StringComparer.Ordinal),
            Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(10, Cifar10.Load(folder, TestContext.Current.CancellationToken).Train.Count);
    }

    /// <summary>Where the headers of a good archive begin.</summary>
    private static List<int> Headers(byte[] tar)
    {
        List<int> headers = [];
        int at = 0;
        foreach (TarEntry entry in CifarFiles.Entries())
        {
            headers.Add(at);
            at += 512 + (int)((entry.Length + 511) / 512 * 512);
        }

        Assert.InRange(at, 1, tar.Length);
        return headers;
    }

    /// <summary>Gives a header the checksum it must have, so that what it says is looked at.</summary>
    private static void Sign(Span<byte> header)
    {
        header.Slice(148, 8).Fill((byte)' ');
        int sum = 0;
        foreach (byte value in header)
            sum += value;
        System.Text.Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header[148..]);
    }

    private string ExpectRefused(byte[] archive)
    {
        string message = Assert.Throws<InvalidDataException>(() => Unpack(archive)).Message;
        // The archive alone is left: it has the right checksum, so fetching it again would not help.
        Assert.Equal([Cache], Directory.GetFileSystemEntries(_folder.Path));
        Assert.Equal([Path.Combine(Cache, "cifar-10-binary.tar.gz.partial")], Directory.GetFileSystemEntries(Cache));
        Assert.False(File.Exists("/tmp/compiled-tests-absolute"));
        return message;
    }

    private string Unpack(byte[] archive)
    {
        // The whole download is there already.
        File.WriteAllBytes(Path.Combine(Cache, "cifar-10-binary.tar.gz.partial"), archive);
        using var server = new LoopbackServer((stream, start) =>
        {
            if (start is null)
                LoopbackServer.Write(stream, "200 OK", []);
            else
                LoopbackServer.Write(stream, "416 Range Not Satisfiable", []);
        });
#pragma warning disable CA5351 // The checksum that is published.
        string md5 = Convert.ToHexStringLower(MD5.HashData(archive));
#pragma warning restore CA5351
        var source = new Cifar10Archive { Address = server.Address, Md5 = md5, MaxBytes = 1_000_000, MaxEntryBytes = 60_000 };
        return source.Download(Cache, TestContext.Current.CancellationToken);
    }
}

using System.ComponentModel;
using System.Diagnostics;

namespace Compiled.Tests;

/// <summary>A file that is replaced is the old one or the new one, whatever fails, and nothing else is left behind.</summary>
public sealed class AtomicFileTests : IDisposable
{
    private static readonly byte[] Old = [1, 2, 3];

    private readonly TemporaryFolder _folder = new();

    private string File => _folder["file"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_is_made_and_replaced()
    {
        AtomicFile.Write(File, stream => stream.Write(Old));
        Assert.Equal(Old, System.IO.File.ReadAllBytes(File));
        AtomicFile.Write(File, stream => stream.WriteByte(9));
        Assert.Equal([9], System.IO.File.ReadAllBytes(File));
        AtomicFile.Write(File, _ => { });
        Assert.Empty(System.IO.File.ReadAllBytes(File));
        ExpectNothingElse();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(100_000)]
    public void A_writer_that_fails_leaves_the_old_file(int written)
    {
        System.IO.File.WriteAllBytes(File, Old);
        var fault = Assert.Throws<IOException>(() => AtomicFile.Write(File, stream =>
        {
            stream.Write(new byte[written]);
            throw new IOException("no space left");
        }));
        Assert.Equal("no space left", fault.Message);
        Assert.Equal(Old, System.IO.File.ReadAllBytes(File));
        ExpectNothingElse();
    }

    [Fact]
    public void A_folder_is_not_replaced()
    {
        Directory.CreateDirectory(File);
        Assert.Contains("is a directory", Assert.Throws<IOException>(() => AtomicFile.Write(File, stream => stream.Write(Old))).Message,
            StringComparison.Ordinal);
        Assert.True(Directory.Exists(File));
        ExpectNothingElse();
    }

    [Fact]
    public void A_file_in_no_folder_is_not_made()
    {
        Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.Write(Path.Combine(File, "file"), stream => stream.Write(Old)));
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Two_threads_that_write_one_file_give_it_the_content_of_one_of_them()
    {
        byte[][] contents = [.. Enumerable.Range(0, 4).Select(i => Enumerable.Repeat((byte)i, 50_000 + i).ToArray())];
        Parallel.ForEach(contents, new ParallelOptions { MaxDegreeOfParallelism = 4 }, content =>
        {
            for (int round = 0; round < 10; round++)
            {
                AtomicFile.Write(File, stream =>
                {
                    foreach (byte[] part in content.Chunk(10_000))
                        stream.Write(part);
                });
                byte[] found = System.IO.File.ReadAllBytes(File);
                Assert.Contains(contents, each => each.AsSpan().SequenceEqual(found));
            }
        });
        ExpectNothingElse();
    }

    [Fact]
    public void The_access_rights_of_the_old_file_stay()
    {
        if (OperatingSystem.IsWindows())
            return; // It has no mode bits.
        System.IO.File.WriteAllBytes(File, Old);
        System.IO.File.SetUnixFileMode(File, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        AtomicFile.Write(File, stream => stream.WriteByte(9));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public void On_a_full_disk_the_old_weights_stay()
    {
        string disk = Directory.CreateDirectory(_folder["disk"]).FullName;
        Assert.SkipUnless(OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", "size=16k", "compiled-tests", disk),
            "Mounting a small disk is not permitted here.");
        try
        {
            string path = Path.Combine(disk, "weights");
            using var small = new ThreeClasses(batchSize: 1);
            small.SaveWeights(path);
            byte[] before = System.IO.File.ReadAllBytes(path);
            byte[] filling = new byte[16 << 10];
            Assert.ThrowsAny<IOException>(() => System.IO.File.WriteAllBytes(Path.Combine(disk, "filling"), filling));

            Assert.ThrowsAny<IOException>(() => small.SaveWeights(path));
            Assert.Equal(before, System.IO.File.ReadAllBytes(path));
            Assert.Equal(["filling", "weights"], Directory.GetFileSystemEntries(disk).Select(Path.GetFileName).Order());
            System.IO.File.Delete(Path.Combine(disk, "filling"));
            small.SaveWeights(path);
        }
        finally
        {
            Run("umount", disk);
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            _ = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }

    private void ExpectNothingElse() => Assert.Equal([File], Directory.GetFileSystemEntries(_folder.Path));
}

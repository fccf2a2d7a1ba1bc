using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Compiled.Tests;

/// <summary>Fetching the archive: resumed, verified, with a clear error when it cannot be had, and never half of it in the cache.</summary>
public sealed class Cifar10DownloadTests : IDisposable
{
    private static readonly byte[] Archive = CifarFiles.Gzip(CifarFiles.Tar(CifarFiles.Entries()));

    private readonly TemporaryFolder _cache = new();

    private string Partial => _cache["cifar-10-binary.tar.gz.partial"];

    public void Dispose() => _cache.Dispose();

    [Fact]
    public void The_archive_is_fetched_and_unpacked()
    {
        using var server = new LoopbackServer((stream, _) => LoopbackServer.Write(stream, "200 OK", Archive));
        ExpectFiles(Download(server));
        Assert.Equal([null], server.Starts);
    }

    [Fact]
    public void A_download_that_broke_off_is_resumed()
    {
        int sent = Archive.Length / 3;
        using var server = new LoopbackServer((stream, start) =>
        {
            if (start is { } from)
                LoopbackServer.Write(stream, "206 Partial Content", Archive.AsSpan((int)from),
                    $"Content-Range: bytes {from}-{Archive.Length - 1}/{Archive.Length}\r\n");
            else
                LoopbackServer.Write(stream, "200 OK", Archive.AsSpan(0, sent), length: Archive.Length);
        });
        Assert.ThrowsAny<IOException>(() => Download(server));
        Assert.Equal(Archive[..sent], File.ReadAllBytes(Partial));
        ExpectFiles(Download(server));
        Assert.Equal([null, sent], server.Starts);
    }

    [Fact]
    public void A_server_that_knows_no_ranges_sends_all_anew()
    {
        File.WriteAllBytes(Partial, Archive[..50]);
        using var server = new LoopbackServer((stream, _) => LoopbackServer.Write(stream, "200 OK", Archive));
        ExpectFiles(Download(server));
        Assert.Equal([50], server.Starts);
    }

    [Theory]
    [InlineData("Content-Range: bytes 40-99/100\r\n")]
    [InlineData("")]
    public void A_server_that_sends_another_part_is_not_trusted(string range)
    {
        File.WriteAllBytes(Partial, Archive[..50]);
        using var server = new LoopbackServer((stream, start) =>
        {
            if (start is null)
                LoopbackServer.Write(stream, "200 OK", Archive);
            else
                LoopbackServer.Write(stream, "206 Partial Content", Archive.AsSpan(40), range);
        });
        Assert.Contains("another part", Assert.Throws<HttpRequestException>(() => Download(server)).Message, StringComparison.Ordinal);
        ExpectFiles(Download(server));
        Assert.Equal([50, null], server.Starts);
    }

    [Fact]
    public void A_download_that_was_complete_is_not_fetched_again()
    {
        File.WriteAllBytes(Partial, Archive);
        using var server = new LoopbackServer((stream, _) => LoopbackServer.Write(stream, "416 Range Not Satisfiable", []));
        ExpectFiles(Download(server));
    }

    [Fact]
    public void A_wrong_checksum_is_named_and_its_file_deleted()
    {
        byte[] damaged = [.. Archive];
        damaged[^1] ^= 1;
        using var server = new LoopbackServer((stream, _) => LoopbackServer.Write(stream, "200 OK", damaged));
        string message = Assert.Throws<InvalidDataException>(() => Download(server)).Message;
        string what = $"The archive from {server.Address} has the checksum {Md5(damaged)}, not {Md5(Archive)}";
        Assert.Equal($"{what}; it was deleted. Run again to fetch it anew.", message);
        ExpectNothing();
    }

    [Theory]
    [InlineData("404 Not Found", "answered 404 (Not Found)")]
    [InlineData("403 Forbidden", "answered 403 (Forbidden)")]
    [InlineData("500 Internal Server Error", "answered 500 (Internal Server Error)")]
    [InlineData("302 Found\r\nLocation: file:///etc/passwd", "answered 302 (Found)")]
    [InlineData("302 Found\r\nLocation: ftp://127.0.0.1/archive", "answered 302 (Found)")]
    public void An_answer_without_the_archive_is_named_with_the_address(string status, string words)
    {
        using var server = new LoopbackServer((stream, _) => LoopbackServer.Write(stream, status, "<html>"u8));
        Assert.Equal($"{server.Address} {words}", Assert.Throws<HttpRequestException>(() => Download(server)).Message);
        Assert.Equal(0, new FileInfo(Partial).Length);
    }

    [Fact]
    public void A_refused_connection_is_an_error_at_once()
    {
        Uri address;
        using (var server = new LoopbackServer((_, _) => { }))
            address = server.Address;
        Assert.Throws<HttpRequestException>(() => Of(address).Download(_cache.Path, CancellationToken.None));
    }

    [Fact]
    public void A_connection_that_does_not_come_about_is_given_up()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "How a full queue of connections behaves differs elsewhere.");
        // Without a network, or behind a wall, connecting takes minutes. Here the queue of a listener that accepts nobody is full.
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(0);
        List<Socket> waiting = [];
        for (int i = 0; i < 4; i++)
        {
            waiting.Add(new Socket(SocketType.Stream, ProtocolType.Tcp) { Blocking = false });
            Assert.ThrowsAny<SocketException>(() => waiting[^1].Connect(listener.LocalEndPoint!));
        }

        var address = new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndPoint!).Port}/");
        Cifar10Archive archive = Of(address) with { ConnectTimeout = TimeSpan.FromSeconds(0.3) };
        var fault = Assert.Throws<HttpRequestException>(() => archive.Download(_cache.Path, CancellationToken.None));
        Assert.Contains("no connection to 127.0.0.1 within 0.3 seconds", fault.Message, StringComparison.Ordinal);
        waiting.ForEach(socket => socket.Dispose());
    }

    [Fact]
    public void Who_has_no_network_is_told_within_five_seconds() =>
        Assert.InRange(Cifar10Archive.Official.ConnectTimeout.TotalSeconds, 1, 4.5);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_silent_server_is_given_up(bool afterTheBeginning)
    {
        using var done = new ManualResetEventSlim();
        using var server = new LoopbackServer((stream, _) =>
        {
            if (afterTheBeginning)
                LoopbackServer.Write(stream, "200 OK", Archive.AsSpan(0, 100), length: Archive.Length);
            done.Wait(TimeSpan.FromSeconds(10));
        });
        Cifar10Archive archive = Of(server.Address) with { SilenceTimeout = TimeSpan.FromSeconds(0.3) };
        string message = Assert.Throws<HttpRequestException>(() => archive.Download(_cache.Path, CancellationToken.None)).Message;
        Assert.Equal("127.0.0.1 was silent for 0.3 seconds; the download goes on the next time", message);
        Assert.Equal(afterTheBeginning ? 100 : 0, new FileInfo(Partial).Length);
        done.Set();
    }

    [Fact]
    public void A_slow_server_is_waited_for()
    {
        using var server = new LoopbackServer((stream, _) =>
        {
            LoopbackServer.Write(stream, "200 OK", [], length: Archive.Length);
            foreach (byte[] part in Archive.Chunk(Archive.Length / 6))
            {
                Thread.Sleep(100);
                stream.Write(part);
            }
        });
        ExpectFiles((Of(server.Address) with { SilenceTimeout = TimeSpan.FromSeconds(0.5) }).Download(_cache.Path, CancellationToken.None));
    }

    [Fact]
    public void A_download_can_be_cancelled_while_the_server_is_silent()
    {
        using var cancellation = new CancellationTokenSource();
        using var done = new ManualResetEventSlim();
        using var server = new LoopbackServer((stream, _) =>
        {
            LoopbackServer.Write(stream, "200 OK", Archive.AsSpan(0, 100), length: Archive.Length);
            cancellation.CancelAfter(100);
            done.Wait(TimeSpan.FromSeconds(10));
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Of(server.Address).Download(_cache.Path, cancellation.Token));
        Assert.Equal(Archive[..100], File.ReadAllBytes(Partial));
        done.Set();
    }

    [Fact]
    public void A_download_without_end_is_stopped()
    {
        using var server = new LoopbackServer((stream, _) => LoopbackServer.Write(stream, "200 OK", new byte[1 << 20], length: 1L << 40));
        Cifar10Archive archive = Of(server.Address) with { MaxBytes = 100_000 };
        var fault = Assert.Throws<InvalidDataException>(() => archive.Download(_cache.Path, CancellationToken.None));
        Assert.Contains("exceeds 100,000 bytes", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0, new FileInfo(Partial).Length);
    }

    [Fact]
    public void Two_processes_do_not_write_one_file()
    {
        using var server = new LoopbackServer((stream, _) => LoopbackServer.Write(stream, "200 OK", Archive));
        using (new FileStream(Partial, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None))
            Assert.ThrowsAny<IOException>(() => Download(server));
        ExpectFiles(Download(server));
    }

    private static Cifar10Archive Of(Uri address) => new() { Address = address, Md5 = Md5(Archive) };

    private static string Md5(byte[] content) =>
#pragma warning disable CA5351 // The checksum that is published.
        Convert.ToHexStringLower(MD5.HashData(content));
#pragma warning restore CA5351

    private string Download(LoopbackServer server) => Of(server.Address).Download(_cache.Path, TestContext.Current.CancellationToken);

    private void ExpectFiles(string folder)
    {
        Assert.Equal(_cache[CifarFiles.Folder], folder);
        Assert.Equal([folder], Directory.GetFileSystemEntries(_cache.Path));
        Cifar10.Sets sets = Cifar10.Load(_cache.Path, TestContext.Current.CancellationToken);
        Assert.Equal((10, 2), (sets.Train.Count, sets.Test.Count));
    }

    private void ExpectNothing() => Assert.Empty(Directory.GetFileSystemEntries(_cache.Path));
}

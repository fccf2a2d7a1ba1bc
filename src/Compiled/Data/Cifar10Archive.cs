using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Compiled;

/// <summary>Fetches the official CIFAR-10 archive into the cache: resumable, verified, and unpacked entry by entry.</summary>
internal static class Cifar10Archive
{
    // Published beside the archive. MD5 is what upstream gives: it shows damage, not malice; the size cap and the strict
    // unpacking below do not rely on it.
    private const string Md5 = "c32a1d4ab5d03f1284b67883e8d87530";
    private const long MaxBytes = 200_000_000;
    private const long MaxEntryBytes = 40_000_000;
    private static readonly Uri Address = new("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz");
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(4);

    private static readonly string[] Expected =
    [
        "batches.meta.txt", "data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin",
        "readme.html", "test_batch.bin",
    ];

    public static string CacheDirectory => Path.Combine(CacheRoot(), "compiled", "cifar10");

    public static string Download(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(CacheDirectory);
        string partial = Path.Combine(CacheDirectory, "cifar-10-binary.tar.gz.partial");
        Fetch(partial, cancellationToken);
        Verify(partial);
        string folder = Unpack(partial, cancellationToken);
        File.Delete(partial);
        return folder;
    }

    private static string CacheRoot()
    {
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache)
            return cache;
        return OperatingSystem.IsWindows()
            ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
    }

    private static void Fetch(string partial, CancellationToken cancellationToken)
    {
        using var handler = new SocketsHttpHandler { ConnectTimeout = ConnectTimeout, ConnectCallback = ConnectAsync };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        // One process writes the partial file at a time; a second one gets a clear IOException.
        using var file = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        using var request = new HttpRequestMessage(HttpMethod.Get, Address);
        if (file.Length > 0)
            request.Headers.Range = new RangeHeaderValue(file.Length, null);
        using HttpResponseMessage response = client.Send(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
            return;
        response.EnsureSuccessStatusCode();
        file.Position = response.StatusCode == HttpStatusCode.PartialContent ? file.Length : 0;
        file.SetLength(file.Position);
        Copy(response.Content.ReadAsStream(cancellationToken), file, cancellationToken);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Resolving a name is not covered by the connect timeout of the handler, and without a network it is what hangs.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(ConnectTimeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, timeout.Token).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            socket.Dispose();
            throw new HttpRequestException($"no connection to {context.DnsEndPoint.Host} within {ConnectTimeout.TotalSeconds:0} seconds");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static void Copy(Stream source, FileStream target, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[1 << 16];
        for (int read; (read = source.Read(buffer)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            target.Write(buffer, 0, read);
            if (target.Position > MaxBytes)
                throw new InvalidDataException($"The download from {Address} exceeds {MaxBytes:N0} bytes and was stopped.");
        }
    }

    private static void Verify(string partial)
    {
        string found;
        using (FileStream file = File.OpenRead(partial))
        {
#pragma warning disable CA5351 // Upstream publishes no stronger digest.
            found = Convert.ToHexStringLower(MD5.HashData(file));
#pragma warning restore CA5351
        }

        if (found == Md5)
            return;
        File.Delete(partial);
        throw new InvalidDataException($"The archive from {Address} has the checksum {found}, not {Md5}; it was deleted. Run again to fetch it anew.");
    }

    private static string Unpack(string archive, CancellationToken cancellationToken)
    {
        string target = Path.Combine(CacheDirectory, "cifar-10-batches-bin");
        string staging = Path.Combine(CacheDirectory, $".unpacking.{Environment.ProcessId}");
        Directory.CreateDirectory(staging);
        try
        {
            using FileStream file = File.OpenRead(archive);
            using var gzip = new GZipStream(file, CompressionMode.Decompress);
            using var tar = new TarReader(gzip);
            while (tar.GetNextEntry() is { } entry)
            {
                cancellationToken.ThrowIfCancellationRequested();
                UnpackEntry(entry, staging, archive);
            }

            if (Directory.Exists(target))
                Directory.Delete(target, recursive: true);
            Directory.Move(staging, target);
        }
        catch
        {
            Directory.Delete(staging, recursive: true);
            throw;
        }

        return target;
    }

    private static void UnpackEntry(TarEntry entry, string staging, string archive)
    {
        if (entry.EntryType is TarEntryType.Directory)
            return;
        // Only the names of the official archive are ever written, so no path, link or device in it can reach the disk.
        string name = entry.Name.StartsWith("cifar-10-batches-bin/", StringComparison.Ordinal) ? entry.Name["cifar-10-batches-bin/".Length..] : "";
        if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile) || !Expected.Contains(name) || entry.Length > MaxEntryBytes)
            throw new InvalidDataException($"'{archive}' holds the unexpected entry '{entry.Name}' ({entry.EntryType}, {entry.Length:N0} bytes).");
        entry.ExtractToFile(Path.Combine(staging, name), overwrite: false);
    }
}

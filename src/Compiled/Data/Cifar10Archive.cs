using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Compiled;

/// <summary>Fetches the official CIFAR-10 archive into the cache: resumable, verified, and unpacked entry by entry.</summary>
internal sealed record Cifar10Archive
{
    private const string Folder = "cifar-10-batches-bin";
    private const string Partial = "cifar-10-binary.tar.gz.partial";

    private static readonly string[] Batches =
        ["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin", "test_batch.bin"];

    private static readonly string[] Expected = [.. Batches, "batches.meta.txt", "readme.html"];

    // Published beside the archive. MD5 is what upstream gives: it shows damage, not malice; the limits and the strict unpacking below do
    // not rely on it.
    public static Cifar10Archive Official { get; } = new()
    {
        Address = new Uri("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"),
        Md5 = "c32a1d4ab5d03f1284b67883e8d87530",
    };

    public static string CacheDirectory => Path.Combine(CacheRoot(), "compiled", "cifar10");

    public required Uri Address { get; init; }

    public required string Md5 { get; init; }

    /// <summary>The limit of the archive, which has 170 MB, and of what it unpacks to, 184 MB.</summary>
    public long MaxBytes { get; init; } = 200_000_000;

    /// <summary>The limit of a file in it; the batches have 31 MB.</summary>
    public long MaxEntryBytes { get; init; } = 40_000_000;

    /// <summary>How long the server may take to accept a connection, its name being resolved included.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long the server may be silent while it is connected.</summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Makes the data set be in a directory of the cache; gives the directory of its files.</summary>
    public string Download(string cache, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(cache);
        string partial = Path.Combine(cache, Partial);
        FetchAsync(partial, cancellationToken).GetAwaiter().GetResult();
        Verify(partial);
        string folder = Unpack(partial, cache, cancellationToken);
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

    // ------------------------------------------------------------------------------------------------------------
    // Fetching
    // ------------------------------------------------------------------------------------------------------------

    private async Task FetchAsync(string partial, CancellationToken cancellationToken)
    {
        // No redirections: the handler follows them to any scheme and host.
        using var handler = new SocketsHttpHandler { ConnectCallback = ConnectAsync, AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        // One process writes the partial file at a time; a second one gets a clear IOException.
        using var file = new FileStream(partial, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None);
        using var request = new HttpRequestMessage(HttpMethod.Get, Address);
        if (file.Length > 0)
            request.Headers.Range = new RangeHeaderValue(file.Length, null);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(SilenceTimeout);
        try
        {
            using HttpResponseMessage response =
                await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                return; // There is no more of it; the checksum tells whether it is right.
            GoToStart(file, response);
            using Stream body = await response.Content.ReadAsStreamAsync(patience.Token).ConfigureAwait(false);
            await CopyAsync(body, file, patience).ConfigureAwait(false);
            file.Flush(flushToDisk: true);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException(
                $"{Address.Host} was silent for {SilenceTimeout.TotalSeconds:0.#} seconds; the download goes on the next time");
        }
    }

    /// <summary>Resolving a name is not covered by the connect timeout of the handler, and without a network it is what hangs.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
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
            throw new HttpRequestException($"no connection to {context.DnsEndPoint.Host} within {ConnectTimeout.TotalSeconds:0.#} seconds");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Goes to where the body belongs in the file: to its end, or to its beginning when the server sends all anew.</summary>
    private void GoToStart(FileStream file, HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw new HttpRequestException(
                $"{Address} answered {(int)response.StatusCode} ({response.ReasonPhrase})", inner: null, response.StatusCode);
        }

        bool continues = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == file.Length;
        file.SetLength(continues ? file.Length : 0);
        file.Position = file.Length;
        if (response.StatusCode == HttpStatusCode.PartialContent && !continues)
            throw new HttpRequestException(
                $"{Address} sent another part than the one that was asked for; the download begins anew the next time");
    }

    private async Task CopyAsync(Stream source, FileStream target, CancellationTokenSource patience)
    {
        byte[] buffer = new byte[1 << 16];
        while (true)
        {
            patience.CancelAfter(SilenceTimeout);
            int read = await source.ReadAsync(buffer, patience.Token).ConfigureAwait(false);
            if (read == 0)
                return;
            target.Write(buffer, 0, read);
            if (target.Position > MaxBytes)
            {
                target.SetLength(0);
                throw new InvalidDataException($"The download from {Address} exceeds {MaxBytes:N0} bytes and was stopped.");
            }
        }
    }

    private void Verify(string partial)
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

    // ------------------------------------------------------------------------------------------------------------
    // Unpacking
    // ------------------------------------------------------------------------------------------------------------

    private string Unpack(string archive, string cache, CancellationToken cancellationToken)
    {
        string target = Path.Combine(cache, Folder);
        string staging = Path.Combine(cache, $".unpacking.{Environment.ProcessId}");
        if (Directory.Exists(staging))
            Directory.Delete(staging, recursive: true); // Of a process that was killed and had our number.
        Directory.CreateDirectory(staging);
        try
        {
            UnpackEntries(archive, staging, cancellationToken);
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

    private void UnpackEntries(string archive, string staging, CancellationToken cancellationToken)
    {
        var unpacked = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            using FileStream file = File.OpenRead(archive);
            using var gzip = new GZipStream(file, CompressionMode.Decompress);
            using var tar = new TarReader(new BoundedStream(gzip, MaxBytes));
            while (tar.GetNextEntry() is { } entry)
            {
                cancellationToken.ThrowIfCancellationRequested();
                string name = Admit(entry, archive);
                if (!unpacked.Add(name))
                    throw new InvalidDataException($"'{archive}' holds the entry '{entry.Name}' twice.");
                if (name.Length > 0)
                    entry.ExtractToFile(Path.Combine(staging, name), overwrite: false);
            }
        }
        catch (EndOfStreamException fault)
        {
            throw new InvalidDataException($"'{archive}' ends in the middle of an entry.", fault);
        }

        string[] missing = [.. Batches.Except(unpacked)];
        if (missing.Length > 0)
            throw new InvalidDataException($"'{archive}' lacks {string.Join(", ", missing)}.");
    }

    /// <summary>
    /// The name of the file that an entry becomes, "" for the folder. Only the names of the official archive are ever written, each once,
    /// so no path, link or device in it can reach the disk.
    /// </summary>
    private string Admit(TarEntry entry, string archive)
    {
        if (entry.EntryType == TarEntryType.Directory && entry.Name.TrimEnd('/') == Folder)
            return "";
        string name = Path.GetFileName(entry.Name);
        if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile && entry.Name == $"{Folder}/{name}" &&
            Expected.Contains(name) && entry.Length <= MaxEntryBytes)
        {
            return name;
        }

        throw new InvalidDataException(
            $"'{archive}' holds the unexpected entry '{entry.Name}' ({entry.EntryType}, {entry.Length:N0} bytes).");
    }
}

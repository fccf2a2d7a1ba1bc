using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Compiled.Tests;

/// <summary>
/// A server of this machine alone. Each connection gets one answer, which the test writes byte by byte: so that it can also break off, be
/// silent or lie.
/// </summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<long?> _starts = [];
    private readonly Action<NetworkStream, long?> _answer;
    private readonly Thread _thread;

    static LoopbackServer()
    {
        HttpClient.DefaultProxy = new WebProxy(); // None, whatever the environment names.
    }

    /// <param name="answer">Writes the answer, given the first byte of the range that was asked for, null without one.</param>
    public LoopbackServer(Action<NetworkStream, long?> answer)
    {
        _answer = answer;
        _listener.Start();
        _thread = new Thread(Serve) { IsBackground = true };
        _thread.Start();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/archive.tar.gz");

    /// <summary>What the requests asked for, in their order.</summary>
    public IReadOnlyList<long?> Starts => _starts;

    /// <summary>Writes a whole response.</summary>
    public static void Write(NetworkStream stream, string status, ReadOnlySpan<byte> body, string headers = "", long? length = null)
    {
        string head = $"HTTP/1.1 {status}\r\nContent-Length: {length ?? body.Length}\r\nConnection: close\r\n{headers}\r\n";
        stream.Write(Encoding.ASCII.GetBytes(head));
        stream.Write(body);
    }

    public void Dispose()
    {
        _listener.Stop();
        _thread.Join();
        _listener.Dispose();
    }

    private void Serve()
    {
        while (true)
        {
            try
            {
                using TcpClient client = _listener.AcceptTcpClient();
                client.ReceiveTimeout = client.SendTimeout = 10_000;
                using NetworkStream stream = client.GetStream();
                long? start = ReadStart(stream);
                lock (_starts)
                    _starts.Add(start);
                _answer(stream, start);
            }
            catch (IOException)
            {
                // The client went away, as some tests make it.
            }
            catch (Exception fault) when (fault is SocketException or InvalidOperationException or ObjectDisposedException)
            {
                return; // The listener was stopped.
            }
        }
    }

    private static long? ReadStart(NetworkStream stream)
    {
        var request = new StringBuilder();
        while (!request.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            int next = stream.ReadByte();
            if (next < 0)
                throw new IOException("the request is cut off");
            request.Append((char)next);
        }

        const string Range = "range: bytes=";
        string? line = request.ToString().Split("\r\n").FirstOrDefault(line => line.StartsWith(Range, StringComparison.OrdinalIgnoreCase));
        return line is null ? null : long.Parse(line[Range.Length..].TrimEnd('-'), CultureInfo.InvariantCulture);
    }
}

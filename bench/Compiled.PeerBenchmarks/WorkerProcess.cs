using System.Diagnostics;
using System.Globalization;

namespace Compiled.PeerBenchmarks;

/// <summary>The parent's end of a child process.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _what;

    private WorkerProcess(string what, ProcessStartInfo start)
    {
        _what = what;
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{what} could not be started.");
    }

    public static WorkerProcess Start(string mode, string contestant, Options options, string? preload)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        // "dotnet Program.dll" or the program's own executable.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet")
            start.ArgumentList.Add(typeof(WorkerProcess).Assembly.Location);
        foreach (string argument in (string[])[mode, contestant, .. options.ToArguments()])
            start.ArgumentList.Add(argument);
        if (preload is not null && contestant == Contestant.Torch)
            start.Environment["LD_PRELOAD"] = preload;
        return new WorkerProcess($"{mode} {contestant}", start);
    }

    public string ReadLine() =>
        _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The child process '{_what}' ended early; see above.");

    /// <summary>Has the child make steps for a while.</summary>
    public IEnumerable<Sample> Block(TimeSpan duration)
    {
        _process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"block {duration.TotalMilliseconds:F0}"));
        long[] numbers = [.. ReadLine().Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(text => long.Parse(text, CultureInfo.InvariantCulture))];
        return numbers.Chunk(2).Select(pair => new Sample(pair[0] / 1e6, pair[1] / 1e6));
    }

    /// <summary>Ends the child; managed bytes per step and peak resident bytes.</summary>
    public (long Managed, long Resident) End()
    {
        _process.StandardInput.WriteLine("end");
        string[] fields = ReadLine().Split(' ');
        _process.WaitForExit();
        return (long.Parse(fields[0], CultureInfo.InvariantCulture), long.Parse(fields[1], CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}

/// <summary>A measured step.</summary>
/// <param name="Milliseconds">How long it took.</param>
/// <param name="WaitedMilliseconds">How long its threads waited for a processor meanwhile, summed.</param>
internal readonly record struct Sample(double Milliseconds, double WaitedMilliseconds)
{
    public bool IsClean => WaitedMilliseconds < 0.01 * Milliseconds;
}

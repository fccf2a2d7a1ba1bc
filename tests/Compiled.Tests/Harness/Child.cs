using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Compiled.Tests;

/// <summary>A program of this build in a process of its own, which may die without taking the tests with it.</summary>
internal sealed partial class Child : IDisposable
{
    private const int InterruptSignal = 2;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Lock _gate = new();
    private readonly List<(string Words, ManualResetEventSlim Seen)> _awaited = [];

    /// <param name="program">The name of its project.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="environment">Variables to set; null removes one.</param>
    public Child(string program, IReadOnlyList<string> arguments, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(Host())
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.ArgumentList.Add(Locate(program));
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["DOTNET_DbgEnableMiniDump"] = "0";
        foreach ((string name, string? value) in environment)
            start.Environment[name] = value;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Receive(line.Data);
        _process.ErrorDataReceived += (_, line) => Receive(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.StandardInput.Close();
    }

    /// <summary>What it wrote so far, output and errors in the order in which they came.</summary>
    public string Output
    {
        get
        {
            lock (_gate)
                return _output.ToString();
        }
    }

    /// <summary>Runs a program to its end: exit code and output.</summary>
    public static (int ExitCode, string Output) Run(
        string program, IReadOnlyList<string> arguments, params (string Name, string? Value)[] environment)
    {
        using var child = new Child(program, arguments, environment);
        return (child.WaitForExit(), child.Output);
    }

    public int WaitForExit()
    {
        if (!_process.WaitForExit(Limit))
            Assert.Fail($"still running after {Limit.TotalMinutes} minutes:\n{Output}");
        _process.WaitForExit(); // Now the rest of the output, too.
        return _process.ExitCode;
    }

    /// <summary>Waits until a line has these words.</summary>
    public void WaitFor(string words)
    {
        using var seen = new ManualResetEventSlim();
        lock (_gate)
        {
            if (_output.ToString().Contains(words, StringComparison.Ordinal))
                return;
            _awaited.Add((words, seen));
        }

        if (!seen.Wait(Limit))
            Assert.Fail($"'{words}' did not come:\n{Output}");
    }

    /// <summary>Sends Ctrl+C; false where the process was born deaf to it, as in the background of some shells.</summary>
    public bool Interrupt()
    {
        const string Ignored = "SigIgn:";
        string[] status = File.ReadAllLines($"/proc/{_process.Id}/status");
        string? line = Array.Find(status, line => line.StartsWith(Ignored, StringComparison.Ordinal));
        ulong ignored = line is null ? 0 : Convert.ToUInt64(line[Ignored.Length..].Trim(), 16);
        return (ignored >> (InterruptSignal - 1) & 1) == 0 && Kill(_process.Id, InterruptSignal) == 0;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }

    private void Receive(string? line)
    {
        if (line is null)
            return;
        lock (_gate)
        {
            _output.Append(line).Append('\n');
            foreach ((string words, ManualResetEventSlim seen) in _awaited)
            {
                if (line.Contains(words, StringComparison.Ordinal))
                    seen.Set();
            }
        }
    }

    /// <summary>The program that runs this one.</summary>
    private static string Host() =>
        Path.GetFullPath(Path.Combine(
            RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    /// <summary>Programs of one build lie side by side: bin/PROJECT/CONFIGURATION.</summary>
    private static string Locate(string program)
    {
        string configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", program, configuration, program + ".dll"));
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

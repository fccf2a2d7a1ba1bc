using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters.Json;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Compiled.Benchmarks;

/// <summary>
/// Fused against unfused, per step and per stage. Arguments are BenchmarkDotNet's; without any, everything runs. The verb <c>networks</c>
/// compares the networks of the examples instead, or those of them that are named behind it.
/// </summary>
internal static class Program
{
    private static void Main(string[] arguments)
    {
        if (arguments is [NetworkComparison.Verb, .. string[] names])
        {
            NetworkComparison.Run(names);
            return;
        }

        // In this process: what is measured is native code, so a process of its own for each benchmark would only take time.
        IConfig config = DefaultConfig.Instance
            .AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithMinIterationCount(10).WithMaxIterationCount(30))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddExporter(JsonExporter.Brief);
        string[] all = arguments.Contains("--filter") || arguments.Contains("--list") ? arguments : [.. arguments, "--filter", "*"];
        BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(all, config);
    }
}

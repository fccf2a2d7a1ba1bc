using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Compiled.PeerBenchmarks;

/// <summary>Prints the comparison as a table and writes it as JSON.</summary>
internal sealed class Report(Options options, double parity, IReadOnlyList<Result> results)
{
    private static readonly (string Title, Func<Result, double> Value, string Format)[] Rows =
    [
        ("time per step, median (ms)", result => result.Median, "F2"),
        ("time per step, minimum (ms)", result => result.Minimum, "F2"),
        ("process start to end of first step (ms)", result => result.StartMilliseconds, "F0"),
        ("peak memory of the process (MB)", result => result.PeakResidentBytes / 1e6, "F0"),
        ("managed bytes per step", result => result.ManagedBytesPerStep, "N0"),
        ("size on disk beside .NET (MB)", result => result.DiskBytes / 1e6, "F1"),
    ];

    private Result Torch => results[0];

    private Result Fused => results[1];

    private Result Unfused => results[2];

    public void Print(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{PeerNetwork.Named(options.Network).Title}, training step (Adam, dropout on), batch {options.BatchSize}, {options.Threads} threads"));
        output.WriteLine($"{Machine()} · {RuntimeInformation.OSDescription} · {RuntimeInformation.FrameworkDescription}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"The same weights give the same predictions: they differ by {parity:0.0e+0} at most."));
        output.WriteLine();
        WriteLine(output, "", "TorchSharp", "fused", "unfused", "TorchSharp/fused", "unfused/fused");
        foreach ((string title, Func<Result, double> value, string format) in Rows)
        {
            WriteLine(
                output, title, Text(value(Torch), format), Text(value(Fused), format), Text(value(Unfused), format),
                Ratio(value(Torch), value(Fused)), Ratio(value(Unfused), value(Fused)));
        }

        WriteLine(output, "images per second", Text(Speed(Torch), "N0"), Text(Speed(Fused), "N0"), Text(Speed(Unfused), "N0"), "", "");
        WriteLine(output, "steps that had their processors, of all", Clean(Torch), Clean(Fused), Clean(Unfused), "", "");
        output.WriteLine();
        output.WriteLine("Times are of the steps whose threads waited for a processor for less than 1 % of the step, on every side alike.");
        foreach (Result result in results.Where(result => result.CleanCount < 20))
            output.WriteLine($"'{result.Name}' had only {result.CleanCount} of them: the machine was busy, so do not trust its times.");
    }

    public string Write()
    {
        var json = new JsonObject
        {
            ["network"] = options.Network,
            ["batch_size"] = options.BatchSize,
            ["threads"] = options.Threads,
            ["machine"] = Machine(),
            ["system"] = RuntimeInformation.OSDescription,
            ["framework"] = RuntimeInformation.FrameworkDescription,
            ["largest_difference_of_predictions"] = parity,
            ["step_time_torch_over_fused"] = Torch.Median / Fused.Median,
            ["step_time_unfused_over_fused"] = Unfused.Median / Fused.Median,
            ["first_step_fused_over_torch"] = Fused.StartMilliseconds / Torch.StartMilliseconds,
        };
        foreach (Result result in results)
        {
            json[result.Name] = new JsonObject
            {
                ["median_ms"] = result.Median,
                ["minimum_ms"] = result.Minimum,
                ["images_per_second"] = Speed(result),
                ["clean_steps"] = result.CleanCount,
                ["steps"] = result.Samples.Count,
                ["first_step_ms"] = result.StartMilliseconds,
                ["peak_resident_bytes"] = result.PeakResidentBytes,
                ["managed_bytes_per_step"] = result.ManagedBytesPerStep,
                ["disk_bytes"] = result.DiskBytes,
            };
        }

        Directory.CreateDirectory(options.Output);
        string path = Path.Combine(options.Output, $"peers-{options.Network}-batch{options.BatchSize}-threads{options.Threads}.json");
        File.WriteAllText(path, json.ToJsonString(new() { WriteIndented = true }) + "\n");
        return path;
    }

    private static void WriteLine(TextWriter output, string title, string torch, string fused, string unfused, string peerRatio, string ownRatio) =>
        output.WriteLine($"{title,-40} {torch,12} {fused,12} {unfused,12} {peerRatio,17} {ownRatio,14}".TrimEnd());

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static string Ratio(double numerator, double denominator) => denominator > 0 ? Text(numerator / denominator, "F2") + "×" : "";

    private static string Clean(Result result) => $"{result.CleanCount}/{result.Samples.Count}";

    private double Speed(Result result) => options.BatchSize / result.Median * 1000;

    private static string Machine()
    {
        const string Label = "model name";
        string? line = OperatingSystem.IsLinux() ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith(Label, StringComparison.Ordinal)) : null;
        return $"{line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? "processor"}, {Environment.ProcessorCount} processors";
    }
}

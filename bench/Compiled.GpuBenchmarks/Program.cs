using System.Text.Json.Nodes;
using Compiled.Examples;

namespace Compiled.GpuBenchmarks;

/// <summary>Measures training steps of the CIFAR-10 network, fused and unfused, and prints each figure as a line of JSON.</summary>
internal static class Program
{
    private const int Skipped = 77;

    private static int Main(string[] arguments)
    {
        try
        {
            if (arguments is [.., "--help" or "-h"])
                Console.WriteLine(Options.Usage);
            else
                Run(Options.Parse(arguments));
            return 0;
        }
        catch (CompiledException fault) when (fault.Status == CompiledStatus.Unsupported)
        {
            Console.Error.WriteLine(fault.Message);
            return Skipped;
        }
        catch (Exception fault) when (fault is FormatException or CompiledException or DllNotFoundException)
        {
            Console.Error.WriteLine(fault.Message);
            return 1;
        }
    }

    private static void Run(Options options)
    {
        if (options.Explain)
        {
            Console.WriteLine(Device.Explain());
            return;
        }

        foreach (int batch in options.Batches)
        {
            Measure("Compiled", (device, size) => new Cifar10Net(device, size), batch, options);
            Measure("Compiled, unfused", (device, size) => new UnfusedCifar10Net(device, size), batch, options);
        }
    }

    private static void Measure(string name, Func<Device, int, Model> create, int batch, Options options)
    {
        string graphs = Environment.GetEnvironmentVariable("COMPILED_CUDA_GRAPHS") == "off" ? ", no graph" : "";
        using var contestant = new Contestant(options.Device, create, batch);
        Print(name + graphs, batch, contestant.MeasureSteps(options.Seconds), contestant);
        Print(name + graphs + ", Fit", batch, contestant.MeasureFit(options.Seconds), contestant);
    }

    private static void Print(string name, int batch, Samples samples, Contestant contestant)
    {
        var line = new JsonObject
        {
            ["peer"] = name,
            ["precision"] = "float32",
            ["batch"] = batch,
            ["median_us"] = Math.Round(samples.Median, 2),
            ["p95_us"] = Math.Round(samples.Slow, 2),
            ["images_per_second"] = Math.Round(batch / samples.Median * 1e6),
            ["peak_bytes"] = contestant.NetworkBytes,
            ["device_bytes"] = contestant.DeviceBytes,
            ["first_step_s"] = Math.Round(contestant.FirstStep.TotalSeconds, 4),
            ["managed_bytes_per_step"] = contestant.ManagedBytesPerStep(),
            ["clock"] = "host, blocks",
        };
        Console.WriteLine(line.ToJsonString());
    }
}

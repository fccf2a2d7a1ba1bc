using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Compiled.Examples;

namespace Compiled.GpuBenchmarks;

/// <summary>Measures training steps of the CIFAR-10 network, fused and unfused, and prints each figure as a line of JSON.</summary>
internal static class Program
{
    private const int Skipped = 77;

    // As Python writes it, for whoever reads the lines by pattern.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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
            foreach (Precision precision in options.Precisions)
            {
                Measure("Compiled", Fused(precision), precision, batch, options);
                Measure("Compiled, unfused", Unfused(precision), precision, batch, options);
            }
        }
    }

    private static Func<Device, int, Model> Fused(Precision precision) => precision switch
    {
        Precision.TF32 => (device, batch) => new TF32Net(device, batch),
        Precision.BFloat16 => (device, batch) => new BFloat16Net(device, batch),
        _ => (device, batch) => new Cifar10Net(device, batch),
    };

    private static Func<Device, int, Model> Unfused(Precision precision) => precision switch
    {
        Precision.TF32 => (device, batch) => new UnfusedTF32Net(device, batch),
        Precision.BFloat16 => (device, batch) => new UnfusedBFloat16Net(device, batch),
        _ => (device, batch) => new UnfusedCifar10Net(device, batch),
    };

    private static void Measure(string name, Func<Device, int, Model> create, Precision precision, int batch, Options options)
    {
        bool graphs = Environment.GetEnvironmentVariable("COMPILED_CUDA_GRAPHS") != "off";
        using var contestant = new Contestant(options.Device, create, batch);
        Samples samples = contestant.Measure(options.Seconds);
        var line = new JsonObject
        {
            ["peer"] = graphs ? name : name + ", no graph",
            ["precision"] = Options.Name(precision),
            ["batch"] = batch,
            ["median_us"] = Math.Round(samples.Median, 2),
            ["p95_us"] = Math.Round(samples.Slow, 2),
            ["images_per_second"] = Math.Round(batch / samples.Median * 1e6),
            ["peak_bytes"] = contestant.NetworkBytes,
            ["device_bytes"] = contestant.DeviceBytes,
            ["first_step_s"] = Math.Round(contestant.FirstStep.TotalSeconds, 4),
            ["clock"] = "host, blocks",
        };
        Console.WriteLine(line.ToJsonString(Plain));
    }
}

using System.Globalization;

namespace Compiled.GpuBenchmarks;

/// <summary>What the command line asks for.</summary>
/// <param name="Batches">Images per step, one measurement each.</param>
/// <param name="Precisions">Of the products, one measurement each.</param>
/// <param name="Device">Where to measure.</param>
/// <param name="Seconds">The time for each figure.</param>
/// <param name="Explain">Only say which device there is.</param>
internal sealed record Options(IReadOnlyList<int> Batches, IReadOnlyList<Precision> Precisions, DeviceKind Device, double Seconds, bool Explain)
{
    public const string Usage = """
        Usage: Compiled.GpuBenchmarks [options]

          --batch N,N,...     images per step                                  (32,128,512,1024)
          --precision P,...   of float32, tf32, bf16                           (all)
          --device cuda|cpu   where to measure                                 (cuda)
          --seconds X         time for each figure                             (2)
          --explain           only say which device is the default, and why

        Prints a line of JSON per figure. The exit status is 77 where there is no GPU that can be used. With COMPILED_CUDA_GRAPHS=off every
        step is launched kernel by kernel.
        """;

    /// <exception cref="FormatException">An option is unknown, or its value cannot be used.</exception>
    public static Options Parse(ReadOnlySpan<string> arguments)
    {
        var options = new Options([32, 128, 512, 1024], Enum.GetValues<Precision>(), DeviceKind.Cuda, Seconds: 2, Explain: false);
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] == "--explain")
            {
                options = options with { Explain = true };
                continue;
            }

            string option = arguments[i];
            string value = ++i < arguments.Length ? arguments[i] : throw new FormatException($"{option} needs a value.");
            options = option switch
            {
                "--batch" => options with { Batches = [.. value.Split(',').Select(text => Positive(option, text))] },
                "--precision" => options with { Precisions = [.. value.Split(',').Select(Named)] },
                "--device" => options with { Device = Kind(value) },
                "--seconds" => options with { Seconds = Positive(option, value) },
                _ => throw new FormatException($"Unknown option '{option}'."),
            };
        }

        return options;
    }

    /// <summary>What the peers call a precision.</summary>
    public static string Name(Precision precision) => precision switch
    {
        Precision.TF32 => "tf32",
        Precision.BFloat16 => "bf16",
        _ => "float32",
    };

    private static Precision Named(string text)
    {
        foreach (Precision precision in Enum.GetValues<Precision>())
        {
            if (Name(precision) == text)
                return precision;
        }

        throw new FormatException($"--precision must be of float32, tf32 and bf16, not '{text}'.");
    }

    private static DeviceKind Kind(string text) => text switch
    {
        "cuda" => DeviceKind.Cuda,
        "cpu" => DeviceKind.Cpu,
        _ => throw new FormatException($"--device must be cuda or cpu, not '{text}'."),
    };

    private static int Positive(string option, string text) =>
        int.TryParse(text, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value
            : throw new FormatException($"{option} needs whole numbers of at least 1, not '{text}'.");
}

using System.Globalization;

namespace Compiled.PeerBenchmarks;

/// <summary>What the command line asks for.</summary>
/// <param name="Network">Which network.</param>
/// <param name="BatchSize">Images per step.</param>
/// <param name="Threads">Threads of each side.</param>
/// <param name="Seconds">How long each side is measured.</param>
/// <param name="Output">Where the JSON file goes.</param>
internal sealed record Options(string Network, int BatchSize, int Threads, int Seconds, string Output)
{
    public const string Usage = """
        Usage: ./build.sh bench peers [--network plain] [--batch-size 32] [--threads 2] [--seconds 20]

          --network NAME   plain, normalized or resnet18       (plain)
          --batch-size N   images per step                     (32)
          --threads N      threads of each side                (2)
          --seconds N      measured time of each side          (20)
          --output DIR     where peers-*.json goes             (.)
        """;

    // Read by hand: the measured child processes read them too, and what starts them must not weigh on their start.
    public static Options Parse(ReadOnlySpan<string> arguments)
    {
        var options = new Options(Network: "plain", BatchSize: 32, Threads: 2, Seconds: 20, Output: ".");
        for (int i = 0; i < arguments.Length; i += 2)
        {
            string value = i + 1 < arguments.Length ? arguments[i + 1] : throw new FormatException($"{arguments[i]} needs a value.");
            options = arguments[i] switch
            {
                "--network" => options with { Network = Name(value) },
                "--batch-size" => options with { BatchSize = Positive(arguments[i], value) },
                "--threads" => options with { Threads = Positive(arguments[i], value) },
                "--seconds" => options with { Seconds = Positive(arguments[i], value) },
                "--output" => options with { Output = value },
                _ => throw new FormatException($"Unknown option '{arguments[i]}'."),
            };
        }

        return options;
    }

    public IEnumerable<string> ToArguments() =>
    [
        "--network", Network,
        "--batch-size", BatchSize.ToString(CultureInfo.InvariantCulture),
        "--threads", Threads.ToString(CultureInfo.InvariantCulture),
    ];

    private static string Name(string text) => PeerNetwork.Names.Contains(text)
        ? text
        : throw new FormatException($"--network needs one of {string.Join(", ", PeerNetwork.Names)}, not '{text}'.");

    private static int Positive(string option, string text) =>
        int.TryParse(text, CultureInfo.InvariantCulture, out int value) && value > 0
            ? value
            : throw new FormatException($"{option} needs a whole number of at least 1, not '{text}'.");
}

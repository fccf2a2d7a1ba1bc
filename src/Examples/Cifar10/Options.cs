using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Compiled.Examples;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public required string Network { get; init; }

    public required int Epochs { get; init; }

    public required int BatchSize { get; init; }

    public required double LearningRate { get; init; }

    public required bool Cosine { get; init; }

    public required string? Data { get; init; }

    public required string Device { get; init; }

    public required int Threads { get; init; }

    public required ulong Seed { get; init; }

    public required int? Limit { get; init; }

    public required bool Unfused { get; init; }

    public required bool Plain { get; init; }

    public required string Output { get; init; }

    /// <summary>The number of the GPU that the command line asks for; null where it asks for none.</summary>
    public int? Gpu => GpuOf(Device);

    /// <summary>The command line: its options, and what to do with them.</summary>
    public static RootCommand CreateCommand(Func<Options, int> run)
    {
        Option<string> network = new("--network")
        {
            Description = "plain is that of the Keras example; normalized is one with batch normalization; resnet9 and resnet18 are residual.",
            DefaultValueFactory = _ => "plain",
            HelpName = "name",
        };
        network.AcceptOnlyFromAmong([.. Networks.Names]);
        Option<int> epochs = Number("--epochs", "Passes over the training images.", 3, minimum: 1);
        Option<int> batchSize = Number("--batch-size", "Images per step.", 32, minimum: 1);
        Option<double> learningRate = new("--learning-rate") { Description = "Of Adam.", DefaultValueFactory = _ => 1e-3, HelpName = "x" };
        Option<string> schedule = new("--schedule")
        {
            Description = "cosine lets the learning rate fall to 0 over the run, along half a cosine; constant keeps it, as the Keras example does.",
            DefaultValueFactory = _ => "cosine",
            HelpName = "name",
        };
        schedule.AcceptOnlyFromAmong("constant", "cosine");
        Option<string?> data = new("--data")
        {
            Description = "The directory of the CIFAR-10 binary files; by default the cache, then a download, then built-in drawn shapes.",
            HelpName = "directory",
        };
        Option<string> device = new("--device")
        {
            Description = "Where to train: auto, cpu, cuda for the first GPU or cuda:N for another, counted from 0; auto is what COMPILED_DEVICE " +
                "names, else the first GPU if one can be used, else the CPU.",
            DefaultValueFactory = _ => "auto",
            HelpName = "where",
        };
        device.Validators.Add(result => Require(result, device, IsDevice, "auto, cpu, cuda, or cuda:N with the number of a GPU from 0"));
        Option<int> threads =
            Number("--threads", "CPU threads; 0 for all processors. Results do not depend on it.", 0, minimum: 0, maximum: 1024);
        Option<ulong> seed = new("--seed") { Description = "Of weights, dropout and the order of the images.", DefaultValueFactory = _ => 0, HelpName = "n" };
        Option<int?> limit = new("--limit") { Description = "Train on the first images only.", HelpName = "n" };
        limit.Validators.Add(result => Require(result, limit, value => value is null or >= 1, "at least 1"));
        learningRate.Validators.Add(result => Require(result, learningRate, value => double.IsFinite(value) && value >= 0, "a finite number of at least 0"));
        Option<bool> unfused = new("--unfused") { Description = "The same network with one stage per layer." };
        Option<bool> plain = new("--plain") { Description = "Plain lines, also in a terminal." };
        Option<string> output = new("--output")
        {
            Description = "The directory for weights and history.",
            DefaultValueFactory = _ => Path.Combine("runs", $"{DateTime.Now:yyyy-MM-dd-HHmmss}"),
            HelpName = "directory",
        };
        output.Validators.Add(result => Require(result, output, value => !string.IsNullOrWhiteSpace(value), "the name of a directory"));

        var command = new RootCommand("Trains a network on CIFAR-10.")
        {
            network, epochs, batchSize, learningRate, schedule, data, device, threads, seed, limit, unfused, plain, output,
        };
        command.SetAction(result => run(new Options
        {
            Network = result.GetValue(network)!,
            Epochs = result.GetValue(epochs),
            BatchSize = result.GetValue(batchSize),
            LearningRate = result.GetValue(learningRate),
            Cosine = result.GetValue(schedule) == "cosine",
            Data = result.GetValue(data),
            Device = result.GetValue(device)!,
            Threads = result.GetValue(threads),
            Seed = result.GetValue(seed),
            Limit = result.GetValue(limit),
            Unfused = result.GetValue(unfused),
            Plain = result.GetValue(plain),
            Output = result.GetValue(output)!,
        }));
        return command;
    }

    private static bool IsDevice(string? device) => device is "auto" or "cpu" || GpuOf(device) is not null;

    private static int? GpuOf(string? device)
    {
        const string Numbered = "cuda:";
        if (device == "cuda")
            return 0;
        return device is not null && device.StartsWith(Numbered, StringComparison.Ordinal)
            && int.TryParse(device.AsSpan(Numbered.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal) ? ordinal : null;
    }

    private static Option<int> Number(string name, string description, int value, int minimum, int maximum = int.MaxValue)
    {
        Option<int> option = new(name) { Description = description, DefaultValueFactory = _ => value, HelpName = "n" };
        string rule = maximum == int.MaxValue ? $"at least {minimum}" : $"from {minimum} to {maximum}";
        option.Validators.Add(result => Require(result, option, number => number >= minimum && number <= maximum, rule));
        return option;
    }

    private static void Require<T>(OptionResult result, Option<T> option, Func<T?, bool> isValid, string rule)
    {
        if (TryGet(result, option, out T? value) && !isValid(value))
            result.AddError($"{option.Name} must be {rule}.");
    }

    /// <summary>False for text that is no such value: the parser says so itself, after the validators.</summary>
    private static bool TryGet<T>(OptionResult result, Option<T> option, out T? value)
    {
        try
        {
            value = result.GetValue(option);
            return true;
        }
        catch (InvalidOperationException)
        {
            value = default;
            return false;
        }
    }
}

using System.Runtime.InteropServices;
using System.Text;

namespace Compiled.Examples;

/// <summary>Trains a CIFAR-10 network and says how it went.</summary>
internal static class Program
{
    private const int Failed = 1;
    private const int Interrupted = 130;

    private static int Main(string[] arguments)
    {
        Console.OutputEncoding = Encoding.UTF8;
        return Options.CreateCommand(Run).Parse(arguments).Invoke();
    }

    private static int Run(Options options)
    {
        using var interruption = new CancellationTokenSource();
        Console.CancelKeyPress += (_, pressed) =>
        {
            // The first Ctrl+C ends the run after its step; the next one ends the process.
            pressed.Cancel = !interruption.IsCancellationRequested;
            interruption.Cancel();
        };
        try
        {
            return Train(options, interruption.Token);
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine("stopped");
            return Interrupted;
        }
        catch (Exception fault) when (
            fault is IOException or InvalidDataException or UnauthorizedAccessException or ArgumentException or CompiledException
            or DllNotFoundException)
        {
            Console.Error.WriteLine(fault.Message);
            return Failed;
        }
    }

    private static int Train(Options options, CancellationToken cancellationToken)
    {
        Console.WriteLine($"Compiled {typeof(Model).Assembly.GetName().Version?.ToString(3)} · {RuntimeInformation.FrameworkDescription} · " +
            $"{RuntimeInformation.RuntimeIdentifier} · {Environment.ProcessorCount} processors · seed {options.Seed}");
        bool automatic = options is { Device: "auto", Threads: 0 };
        using Device device = automatic ? Device.Default : Make(options);
        Console.WriteLine($"device   {(automatic ? Device.Explain() : $"{device.Name} (asked for by --device or --threads)")}");
        TrainingData data = TrainingData.Load(options.Data, Console.Out, cancellationToken).Limit(options.Limit);
        Console.WriteLine($"data     {data}");

        using Model net = Networks.Create(options.Network, options.Unfused, device, options.BatchSize, options.Seed);
        Console.WriteLine($"\n{net.Summary()}\n");

        var display = Display.Create(options.Epochs, options.Plain);
        var files = new RunFiles(options.Output);
        History history = display.Run(() => net.Fit(
            data.Train, new Adam(Schedule(options, data.Train.Count)), options.Epochs, data.Test,
            callbacks: [files.Best, files, new TerminateOnNaN(stepsPerCheck: 100), display], progress: display, cancellationToken: cancellationToken));
        return Conclude(net, data, history, files, cancellationToken);
    }

    private static LearningRateSchedule Schedule(Options options, long images)
    {
        long stepsPerEpoch = (images + options.BatchSize - 1) / options.BatchSize;
        return options.Cosine ? new CosineDecay(options.LearningRate, options.Epochs * stepsPerEpoch) : new Constant(options.LearningRate);
    }

    private static Device Make(Options options) => options.Gpu is { } gpu ? Device.Cuda(gpu) : Device.Cpu(options.Threads);

    private static int Conclude(Model net, TrainingData data, History history, RunFiles files, CancellationToken cancellationToken)
    {
        Console.WriteLine();
        if (history.Cancelled)
        {
            Console.WriteLine($"stopped  during epoch {history.Epochs.Count + 1}");
            Console.WriteLine($"written  {files}");
            return Interrupted;
        }

        if (!double.IsFinite(history.Epochs[^1].Loss))
        {
            Console.WriteLine($"stopped  the loss of epoch {history.Epochs.Count} is not finite: try a smaller --learning-rate");
            Console.WriteLine($"written  {files}");
            return Failed;
        }

        Evaluation score = net.Evaluate(data.Test, cancellationToken);
        Console.WriteLine($"test     loss {score.Loss:F4} · accuracy {score.Accuracy:F4}");
        Console.WriteLine($"written  {files}");
        return 0;
    }
}

using Spectre.Console;

namespace Compiled.Examples;

/// <summary>Shows a run as it goes: a line per epoch, and in a terminal a bar for the epoch at hand.</summary>
internal abstract class Display : Callback, IProgress<TrainingProgress>
{
    public static Display Create(int epochs, bool plain)
    {
        bool terminal = !plain && !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities is { Ansi: true, Interactive: true };
        return terminal ? new Bar(epochs) : new Lines(epochs);
    }

    /// <summary>Runs the training within the display.</summary>
    public abstract History Run(Func<History> fit);

    public abstract void Report(TrainingProgress value);

    private static string Line(EpochResult result, int epochs)
    {
        Evaluation validation = result.Validation ?? new Evaluation(double.NaN, double.NaN, 0);
        return $"epoch {result.Epoch}/{epochs}   {result.SamplesPerSecond,6:N0} images/s   loss {result.Loss:F4}   accuracy {result.Accuracy:F4}   " +
            $"val_loss {validation.Loss:F4}   val_accuracy {validation.Accuracy:F4}   {result.Time.TotalSeconds:F1} s";
    }

    private sealed class Lines(int epochs) : Display
    {
        public override History Run(Func<History> fit) => fit();

        public override void Report(TrainingProgress value)
        {
        }

        public override void OnEpochEnd(Model model, EpochResult result) => Console.WriteLine(Line(result, epochs));
    }

    private sealed class Bar(int epochs) : Display
    {
        private ProgressTask? _task;

        public override History Run(Func<History> fit) =>
            AnsiConsole.Progress()
                .AutoClear(true)
                .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
                .Start(context =>
                {
                    _task = context.AddTask($"epoch 1/{epochs}");
                    return fit();
                });

        public override void Report(TrainingProgress value)
        {
            _task!.MaxValue = value.Steps;
            _task.Value = value.Step;
            _task.Description = value.Step == value.Steps
                ? $"epoch {value.Epoch}/{value.Epochs}  validating"
                : $"epoch {value.Epoch}/{value.Epochs}  loss {value.Loss:F4}  accuracy {value.Accuracy:F4}";
        }

        public override void OnEpochEnd(Model model, EpochResult result)
        {
            AnsiConsole.WriteLine(Line(result, epochs));
            _task!.Value = 0;
            _task.Description = $"epoch {Math.Min(result.Epoch + 1, epochs)}/{epochs}";
        }
    }
}

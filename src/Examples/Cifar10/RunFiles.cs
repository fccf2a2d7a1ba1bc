using System.Text;

namespace Compiled.Examples;

/// <summary>What a run leaves behind: the best weights, the last weights and the history, up to date after every epoch.</summary>
internal sealed class RunFiles(string directory) : Callback
{
    private readonly StringBuilder _history = new("epoch,loss,accuracy,val_loss,val_accuracy,images_per_second,seconds\n");
    private double _bestLoss = double.PositiveInfinity;
    private bool _hasTable;

    /// <summary>The epoch of the best weights; 0 while there is none.</summary>
    public int BestEpoch { get; private set; }

    private string Best => Path.Combine(directory, "best.safetensors");

    private string Last => Path.Combine(directory, "last.safetensors");

    private string Table => Path.Combine(directory, "history.csv");

    public override void OnTrainBegin(Model model) => Directory.CreateDirectory(directory);

    public override void OnEpochEnd(Model model, EpochResult result)
    {
        double loss = result.Validation?.Loss ?? double.NaN; // None where the run was stopped while it validated.
        if (loss < _bestLoss) // Never true of NaN.
        {
            (_bestLoss, BestEpoch) = (loss, result.Epoch);
            model.SaveWeights(Best);
        }

        _history.Append(
            $"{result.Epoch},{result.Loss:R},{result.Accuracy:R},{loss:R},{result.Validation?.Accuracy ?? double.NaN:R},{result.SamplesPerSecond:F1},{result.Time.TotalSeconds:F3}\n");
        File.WriteAllText(Table + ".new", _history.ToString());
        File.Move(Table + ".new", Table, overwrite: true);
        _hasTable = true;
        StopTraining = !double.IsFinite(result.Loss);
    }

    public override void OnTrainEnd(Model model, History history) => model.SaveWeights(Last);

    public override string ToString()
    {
        string best = BestEpoch > 0 ? $"best.safetensors (epoch {BestEpoch}), " : "";
        string table = _hasTable ? ", history.csv" : "";
        return $"{directory}{Path.DirectorySeparatorChar}: {best}last.safetensors{table}";
    }
}

using System.Text;

namespace Compiled.Examples;

/// <summary>What a run leaves behind: the best weights, which a callback of their own saves, the last weights and the history, up to date after every epoch.</summary>
internal sealed class RunFiles(string directory) : Callback
{
    private readonly StringBuilder _history = new("epoch,loss,accuracy,val_loss,val_accuracy,images_per_second,seconds\n");
    private bool _hasTable;

    /// <summary>Saves the weights that are the best on the validation set.</summary>
    public ModelCheckpoint Best { get; } = new(Path.Combine(directory, "best.safetensors"), saveBestOnly: true);

    private string Last => Path.Combine(directory, "last.safetensors");

    private string Table => Path.Combine(directory, "history.csv");

    public override void OnTrainBegin(Model model) => Directory.CreateDirectory(directory);

    public override void OnEpochEnd(Model model, EpochResult result)
    {
        double loss = result.Validation?.Loss ?? double.NaN; // None where the run was stopped while it validated.
        _history.Append(
            $"{result.Epoch},{result.Loss:R},{result.Accuracy:R},{loss:R},{result.Validation?.Accuracy ?? double.NaN:R},{result.SamplesPerSecond:F1},{result.Time.TotalSeconds:F3}\n");
        File.WriteAllText(Table + ".new", _history.ToString());
        File.Move(Table + ".new", Table, overwrite: true);
        _hasTable = true;
    }

    public override void OnTrainEnd(Model model, History history) => model.SaveWeights(Last);

    public override string ToString()
    {
        string best = Best.SavedEpoch > 0 ? $"best.safetensors (epoch {Best.SavedEpoch}), " : "";
        string table = _hasTable ? ", history.csv" : "";
        return $"{directory}{Path.DirectorySeparatorChar}: {best}last.safetensors{table}";
    }
}

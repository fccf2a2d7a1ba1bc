namespace Compiled.Tests;

/// <summary>A callback that notes what it is told, and can do something after each epoch.</summary>
internal sealed class Recorder(string name, List<string> log, Func<Model, EpochResult, bool>? stopAfter = null) : Callback
{
    public override void OnTrainBegin(Model model) => log.Add($"{name} begins");

    public override void OnEpochEnd(Model model, EpochResult result)
    {
        log.Add($"{name} ends epoch {result.Epoch}");
        StopTraining = stopAfter?.Invoke(model, result) ?? false;
    }

    public override void OnTrainEnd(Model model, History history) => log.Add($"{name} ends after {history.Epochs.Count}");
}

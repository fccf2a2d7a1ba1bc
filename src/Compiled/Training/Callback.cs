namespace Compiled;

/// <summary>Something to be done while a model trains. Called on the training thread, between steps; it may use the model.</summary>
public abstract class Callback
{
    /// <summary>Set to end the training after the current epoch. False when a run begins.</summary>
    public bool StopTraining { get; protected internal set; }

    /// <summary>Called before the first epoch.</summary>
    /// <param name="model">The model that trains.</param>
    public virtual void OnTrainBegin(Model model)
    {
    }

    /// <summary>Called after each epoch and its validation.</summary>
    /// <param name="model">The model that trains.</param>
    /// <param name="result">What the epoch gave.</param>
    public virtual void OnEpochEnd(Model model, EpochResult result)
    {
    }

    /// <summary>Called after the last epoch, also when the run was cancelled.</summary>
    /// <param name="model">The model that trains.</param>
    /// <param name="history">What the run gave.</param>
    public virtual void OnTrainEnd(Model model, History history)
    {
    }
}

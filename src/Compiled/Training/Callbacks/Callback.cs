namespace Compiled;

/// <summary>
/// Something to be done while a model trains. Called on the training thread, between steps, in the order in which <see cref="Model.Fit"/> was given
/// them; it may use the model. What it throws ends the run.
/// </summary>
public abstract class Callback
{
    /// <summary>
    /// Set to end the training: while the steps of an epoch are made, after the current step, else after the epoch. False when a run begins.
    /// </summary>
    public bool StopTraining { get; set; }

    /// <summary>What the run was asked for. Null before the first one.</summary>
    public FitParameters? Parameters { get; internal set; }

    /// <summary>Called before the first epoch. What cannot work is refused here, before anything is trained.</summary>
    /// <param name="model">The model that trains.</param>
    public virtual void OnTrainBegin(Model model)
    {
    }

    /// <summary>Called before each epoch.</summary>
    /// <param name="model">The model that trains.</param>
    /// <param name="epoch">The number of the epoch, from 1.</param>
    public virtual void OnEpochBegin(Model model, int epoch)
    {
    }

    /// <summary>Called before each step.</summary>
    /// <param name="model">The model that trains.</param>
    /// <param name="number">The number of the step in its epoch, from 1.</param>
    public virtual void OnBatchBegin(Model model, int number)
    {
    }

    /// <summary>Called after each step, which a GPU may still be busy with.</summary>
    /// <param name="model">The model that trains.</param>
    /// <param name="finished">The step, and the means so far.</param>
    public virtual void OnBatchEnd(Model model, TrainingStep finished)
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

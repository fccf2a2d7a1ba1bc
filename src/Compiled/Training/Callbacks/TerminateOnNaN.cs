namespace Compiled;

/// <summary>Ends the training after the step in which the loss becomes infinite or no number.</summary>
/// <param name="stepsPerCheck">
/// The loss is looked at after every so many steps, and at the end of an epoch: a loss that is no number stays so. 1 by default; on a GPU each look
/// waits for the step.
/// </param>
/// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
public sealed class TerminateOnNaN(int stepsPerCheck = 1) : Callback
{
    private readonly int _stepsPerCheck = Require.AtLeast(stepsPerCheck, 1, nameof(stepsPerCheck));

    /// <summary>The step of the epoch in which it was seen, from 1; 0 if it was not.</summary>
    public int TerminatedStep { get; private set; }

    /// <inheritdoc/>
    public override void OnTrainBegin(Model model) => TerminatedStep = 0;

    /// <inheritdoc/>
    public override void OnBatchEnd(Model model, TrainingStep finished)
    {
        if (finished.Number % _stepsPerCheck != 0 && finished.Number != Parameters!.Steps)
            return;
        if (!double.IsFinite(finished.ReadMeans().Loss))
            (StopTraining, TerminatedStep) = (true, finished.Number);
    }
}

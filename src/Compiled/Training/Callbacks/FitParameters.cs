namespace Compiled;

/// <summary>What a run of <see cref="Model.Fit"/> was asked for.</summary>
/// <param name="Optimizer">The rule of the updates.</param>
/// <param name="InitialEpoch">The epochs that were done before.</param>
/// <param name="Epochs">The epoch to end after, counted from 1.</param>
/// <param name="Steps">The steps of an epoch.</param>
/// <param name="HasValidation">Whether one of the epochs at least is validated.</param>
public sealed record FitParameters(Optimizer Optimizer, int InitialEpoch, int Epochs, int Steps, bool HasValidation);

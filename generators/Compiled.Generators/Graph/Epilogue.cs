using System.Collections.Generic;

namespace Compiled.Generators;

/// <summary>What a stage does to the result of its anchor, in this order: addition, activation, pooling or average, dropout.</summary>
/// <param name="Add">What adds another value.</param>
/// <param name="Activation">What follows.</param>
/// <param name="Pool">What pools that.</param>
/// <param name="Average">What makes a mean over all positions of it, the last that is done.</param>
/// <param name="Dropout">What drops some of it.</param>
/// <param name="GivesMoments">Whether training notes the moments of each channel for the normalization that reads the result.</param>
internal sealed record Epilogue(
    AddOperation? Add,
    ActivationOperation? Activation,
    MaxPooling2DOperation? Pool,
    GlobalPooling2DOperation? Average,
    DropoutOperation? Dropout,
    bool GivesMoments = false)
{
    public static Epilogue None { get; } = new(null, null, null, null, null);

    /// <summary>The fields of a descriptor that say what activation there is.</summary>
    public string ActivationCode =>
        $"activation = (int)cn_activation.{(Activation?.Function ?? ActivationFunction.Linear).Constant()}"
        + (Activation is { HasAlpha: true } ? $", activation_alpha = {Activation.AlphaCode}" : "");

    public IEnumerable<string> Titles()
    {
        if (Add is not null)
            yield return Add.Title;
        if (Activation is not null)
            yield return Activation.Title;
        if (Pool is not null)
            yield return Pool.Title;
        if (Average is not null)
            yield return Average.Title;
        if (Dropout is not null)
            yield return Dropout.Title;
        if (GivesMoments)
            yield return "moments";
    }
}

using System.Collections.Generic;

namespace Compiled.Generators;

/// <summary>What a stage does to the result of its anchor, in this order: activation, pooling, dropout.</summary>
internal sealed record Epilogue(ActivationOperation? Activation, MaxPooling2DOperation? Pool, DropoutOperation? Dropout)
{
    public static Epilogue None { get; } = new(null, null, null);

    public string ActivationConstant => (Activation?.Function ?? ActivationFunction.Linear).Constant();

    public IEnumerable<string> Titles()
    {
        if (Activation is not null)
            yield return Activation.Title;
        if (Pool is not null)
            yield return Pool.Title;
        if (Dropout is not null)
            yield return Dropout.Title;
    }
}

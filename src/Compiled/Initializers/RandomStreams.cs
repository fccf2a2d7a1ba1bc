namespace Compiled;

/// <summary>Which stream of <see cref="Philox"/> serves what. Dropout layers have the streams from 0, in the order of the graph.</summary>
internal static class RandomStreams
{
    /// <summary>Initial values of parameter k: stream 0x4000 + k, step 0. The generator writes it into the plan.</summary>
    public const uint Weights = 0x4000;

    /// <summary>The order of the samples; the step is the epoch.</summary>
    public const uint Shuffling = 0x8000;
}

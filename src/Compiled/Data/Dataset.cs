namespace Compiled;

/// <summary>
/// Samples that can be read by index, in any order: what <c>Fit</c>, <c>Evaluate</c> and <c>Predict</c> draw their batches from.
/// Targets are class numbers or floats.
/// </summary>
public abstract class Dataset
{
    /// <summary>The number of samples.</summary>
    public abstract int Count { get; }

    /// <summary>The shape of one input, without the batch: height, width, channels for images.</summary>
    public abstract IReadOnlyList<int> InputShape { get; }

    /// <summary>The shape of one float target; empty where a target is a class number.</summary>
    public abstract IReadOnlyList<int> TargetShape { get; }

    /// <summary>The number of classes where a target is a class number from 0; otherwise 0.</summary>
    public abstract int ClassCount { get; }

    /// <summary>Whether targets are class numbers. Such a set also serves a model that asks for one-hot targets.</summary>
    public bool HasClassIds => ClassCount > 0;

    /// <summary>Reads inputs.</summary>
    /// <param name="indices">Which samples, each in [0, <see cref="Count"/>).</param>
    /// <param name="inputs">Receives the samples one after the other, row-major.</param>
    public abstract void ReadInputs(ReadOnlySpan<int> indices, Span<float> inputs);

    /// <summary>Reads targets as floats: as they are, or one-hot where they are class numbers.</summary>
    /// <param name="indices">Which samples, each in [0, <see cref="Count"/>).</param>
    /// <param name="targets">Receives the targets one after the other.</param>
    public abstract void ReadTargets(ReadOnlySpan<int> indices, Span<float> targets);

    /// <summary>Whether samples count differently in the loss; false unless a set says otherwise.</summary>
    public virtual bool HasSampleWeights => false;

    /// <summary>Reads what samples count in the loss.</summary>
    /// <param name="indices">Which samples, each in [0, <see cref="Count"/>).</param>
    /// <param name="weights">Receives one number per sample.</param>
    /// <exception cref="NotSupportedException">All samples of this set count 1.</exception>
    public virtual void ReadSampleWeights(ReadOnlySpan<int> indices, Span<float> weights) =>
        throw new NotSupportedException("This data set has no sample weights.");

    /// <summary>Reads targets as class numbers.</summary>
    /// <param name="indices">Which samples, each in [0, <see cref="Count"/>).</param>
    /// <param name="classIds">Receives one number per sample.</param>
    /// <exception cref="NotSupportedException">The targets of this set are floats.</exception>
    public abstract void ReadClassIds(ReadOnlySpan<int> indices, Span<int> classIds);
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Compiled;

/// <summary>
/// Samples in memory: inputs as floats, or as bytes that are multiplied by a scale when they are read; targets as class numbers
/// or as floats. The arrays are kept, not copied.
/// </summary>
public sealed class ArrayDataset : Dataset
{
    private readonly ReadOnlyMemory<float> _floats;
    private readonly ReadOnlyMemory<byte> _bytes;
    private readonly float _scale;
    private readonly ReadOnlyMemory<float> _targets;
    private readonly ReadOnlyMemory<int> _classIds;
    private readonly ReadOnlyMemory<float> _sampleWeights;
    private readonly int[] _inputShape;
    private readonly int[] _targetShape;
    private readonly int _inputSize;
    private readonly int _targetSize;

    private ArrayDataset(int[] inputShape, int inputElements, int[] targetShape, int targetElements, int classCount)
    {
        _inputShape = inputShape;
        _inputSize = Size(inputShape, nameof(inputShape));
        _targetShape = targetShape;
        _targetSize = Size(targetShape, nameof(targetShape));
        ClassCount = classCount;
        Count = Math.DivRem(inputElements, _inputSize, out int rest);
        if (rest != 0)
        {
            throw new ArgumentException(
                $"The inputs have {inputElements:N0} elements, which is no multiple of a sample's {_inputSize:N0} ({string.Join('×', inputShape)}).");
        }

        if (targetElements != (long)Count * _targetSize)
        {
            throw new ArgumentException(
                $"There are {Count:N0} inputs, which need {(long)Count * _targetSize:N0} target elements, but {targetElements:N0} were given.");
        }
    }

    /// <summary>Makes a set of float inputs and float targets.</summary>
    /// <param name="inputs">All inputs, sample after sample.</param>
    /// <param name="inputShape">The shape of one input.</param>
    /// <param name="targets">All targets, sample after sample.</param>
    /// <param name="targetShape">The shape of one target.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the shapes or each other.</exception>
    public ArrayDataset(ReadOnlyMemory<float> inputs, int[] inputShape, ReadOnlyMemory<float> targets, int[] targetShape)
        : this(Copy(inputShape), inputs.Length, Copy(targetShape), targets.Length, classCount: 0)
    {
        _floats = inputs;
        _targets = targets;
    }

    /// <summary>Makes a set of float inputs and class numbers.</summary>
    /// <param name="inputs">All inputs, sample after sample.</param>
    /// <param name="inputShape">The shape of one input.</param>
    /// <param name="classIds">One number in [0, <paramref name="classCount"/>) per sample.</param>
    /// <param name="classCount">The number of classes.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a class number is out of range.</exception>
    public ArrayDataset(ReadOnlyMemory<float> inputs, int[] inputShape, ReadOnlyMemory<int> classIds, int classCount)
        : this(Copy(inputShape), inputs.Length, [], classIds.Length, RequireClasses(classIds.Span, classCount))
    {
        _floats = inputs;
        _classIds = classIds;
    }

    /// <summary>Makes a set of byte inputs, usually images, and class numbers.</summary>
    /// <param name="inputs">All inputs, sample after sample.</param>
    /// <param name="inputShape">The shape of one input.</param>
    /// <param name="classIds">One number in [0, <paramref name="classCount"/>) per sample.</param>
    /// <param name="classCount">The number of classes.</param>
    /// <param name="scale">What each byte is multiplied by; 1/255 gives [0, 1].</param>
    /// <exception cref="ArgumentException">The lengths do not fit, or a class number is out of range.</exception>
    public ArrayDataset(
        ReadOnlyMemory<byte> inputs, int[] inputShape, ReadOnlyMemory<int> classIds, int classCount, float scale = 1 / 255f)
        : this(Copy(inputShape), inputs.Length, [], classIds.Length, RequireClasses(classIds.Span, classCount))
    {
        if (!float.IsFinite(scale))
            throw new ArgumentOutOfRangeException(nameof(scale), scale, "scale must be a finite number.");
        _bytes = inputs;
        _classIds = classIds;
        _scale = scale;
    }

    private ArrayDataset(ArrayDataset source, int count)
    {
        _inputShape = source._inputShape;
        _targetShape = source._targetShape;
        _inputSize = source._inputSize;
        _targetSize = source._targetSize;
        _scale = source._scale;
        ClassCount = source.ClassCount;
        Count = count;
        _floats = source._floats.IsEmpty ? default : source._floats[..(count * _inputSize)];
        _bytes = source._bytes.IsEmpty ? default : source._bytes[..(count * _inputSize)];
        _targets = source._targets.IsEmpty ? default : source._targets[..(count * _targetSize)];
        _classIds = source._classIds.IsEmpty ? default : source._classIds[..count];
        _sampleWeights = source._sampleWeights.IsEmpty ? default : source._sampleWeights[..count];
    }

    private ArrayDataset(ArrayDataset source, ReadOnlyMemory<float> sampleWeights)
        : this(source, source.Count) => _sampleWeights = sampleWeights;

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<int> InputShape => _inputShape;

    /// <inheritdoc/>
    public override IReadOnlyList<int> TargetShape => _targetShape;

    /// <inheritdoc/>
    public override int ClassCount { get; }

    /// <summary>Whether all inputs, and all targets, can be looked at as bytes: spans are of less than 2 GiB.</summary>
    internal bool HasBytes =>
        (HasByteInputs || (long)Count * _inputSize <= int.MaxValue / sizeof(float)) && (long)Count * _targetSize <= int.MaxValue / sizeof(float);

    /// <summary>Whether inputs are bytes.</summary>
    internal bool HasByteInputs => !_bytes.IsEmpty;

    /// <summary>What byte inputs are multiplied by.</summary>
    internal float ByteScale => _scale;

    /// <summary>All inputs as they lie in memory.</summary>
    internal ReadOnlySpan<byte> InputBytes => HasByteInputs ? _bytes.Span : MemoryMarshal.AsBytes(_floats.Span);

    /// <summary>All targets, floats or class numbers, as they lie in memory.</summary>
    internal ReadOnlySpan<byte> TargetBytes => MemoryMarshal.AsBytes(HasClassIds ? MemoryMarshal.Cast<int, float>(_classIds.Span) : _targets.Span);

    /// <inheritdoc/>
    public override bool HasSampleWeights => !_sampleWeights.IsEmpty;

    /// <summary>The same samples, sharing their memory, that count differently in the loss: its value is multiplied by the weight.</summary>
    /// <param name="sampleWeights">One number per sample. The array is kept, not copied. A set with weights stays in the memory of the host.</param>
    /// <exception cref="ArgumentException">There are more or fewer of them than samples.</exception>
    public ArrayDataset WithSampleWeights(ReadOnlyMemory<float> sampleWeights)
    {
        if (sampleWeights.Length != Count)
            throw new ArgumentException($"There are {Count:N0} samples, but {sampleWeights.Length:N0} weights were given.", nameof(sampleWeights));
        return new ArrayDataset(this, sampleWeights);
    }

    /// <summary>The first samples of this set, sharing its memory.</summary>
    /// <param name="count">How many; more than there are gives all.</param>
    public ArrayDataset Take(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new ArrayDataset(this, Math.Min(count, Count));
    }

    /// <inheritdoc/>
    public override void ReadInputs(ReadOnlySpan<int> indices, Span<float> inputs)
    {
        for (int i = 0; i < indices.Length; i++)
        {
            Span<float> target = inputs.Slice(i * _inputSize, _inputSize);
            if (_bytes.IsEmpty)
                _floats.Span.Slice(indices[i] * _inputSize, _inputSize).CopyTo(target);
            else
                Scale(_bytes.Span.Slice(indices[i] * _inputSize, _inputSize), target, _scale);
        }
    }

    /// <inheritdoc/>
    public override void ReadTargets(ReadOnlySpan<int> indices, Span<float> targets)
    {
        if (HasClassIds)
        {
            targets[..(indices.Length * ClassCount)].Clear();
            for (int i = 0; i < indices.Length; i++)
                targets[i * ClassCount + ClassId(indices[i])] = 1;
            return;
        }

        for (int i = 0; i < indices.Length; i++)
            _targets.Span.Slice(indices[i] * _targetSize, _targetSize).CopyTo(targets.Slice(i * _targetSize, _targetSize));
    }

    /// <inheritdoc/>
    public override void ReadClassIds(ReadOnlySpan<int> indices, Span<int> classIds)
    {
        if (!HasClassIds)
            throw new NotSupportedException("The targets of this data set are floats, not class numbers: use a loss that takes floats.");
        for (int i = 0; i < indices.Length; i++)
            classIds[i] = ClassId(indices[i]);
    }

    /// <inheritdoc/>
    public override void ReadSampleWeights(ReadOnlySpan<int> indices, Span<float> weights)
    {
        if (!HasSampleWeights)
            base.ReadSampleWeights(indices, weights);
        for (int i = 0; i < indices.Length; i++)
            weights[i] = _sampleWeights.Span[indices[i]];
    }

    /// <summary>What is checked of each sample that is read, of all.</summary>
    /// <exception cref="InvalidOperationException">A class number has been changed to one that is out of range.</exception>
    internal void RequireClassIds()
    {
        for (int i = 0; HasClassIds && i < Count; i++)
            ClassId(i);
    }

    /// <summary>Checked again: the array is the caller's, and a number out of range would be another sample's.</summary>
    private int ClassId(int index)
    {
        int classId = _classIds.Span[index];
        return (uint)classId < (uint)ClassCount
            ? classId
            : throw new InvalidOperationException($"Sample {index:N0} has class {classId} by now; classes are 0 to {ClassCount - 1}.");
    }

    private static void Scale(ReadOnlySpan<byte> source, Span<float> target, float scale)
    {
        // Sixteen bytes at a time: the loop below is widened by the JIT only for equal element sizes.
        int i = 0;
        for (; i <= source.Length - 16; i += 16)
        {
            var bytes = Vector128.Create(source.Slice(i, 16));
            (var low, var high) = Vector128.Widen(bytes);
            (var first, var second) = Vector128.Widen(low);
            (var third, var fourth) = Vector128.Widen(high);
            Store(first, target[i..], scale);
            Store(second, target[(i + 4)..], scale);
            Store(third, target[(i + 8)..], scale);
            Store(fourth, target[(i + 12)..], scale);
        }

        for (; i < source.Length; i++)
            target[i] = source[i] * scale;
    }

    private static void Store(Vector128<uint> value, Span<float> target, float scale) =>
        Vector128.StoreUnsafe(
            Vector128.ConvertToSingle(Vector128.AsInt32(value)) * scale,
            ref MemoryMarshal.GetReference(target));

    private static int[] Copy(int[] shape, [CallerArgumentExpression(nameof(shape))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(shape, name);
        return [.. shape];
    }

    private static int Size(int[] shape, string name)
    {
        int size = 1;
        foreach (int extent in shape)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(extent, 1, name);
            if (size > int.MaxValue / extent)
                throw new ArgumentException($"A sample of {string.Join('×', shape)} has more than {int.MaxValue:N0} elements.", name);
            size *= extent;
        }

        return size;
    }

    private static int RequireClasses(ReadOnlySpan<int> classIds, int classCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 1);
        for (int i = 0; i < classIds.Length; i++)
        {
            if ((uint)classIds[i] >= (uint)classCount)
                throw new ArgumentException($"Sample {i:N0} has class {classIds[i]}; classes are 0 to {classCount - 1}.", nameof(classIds));
        }

        return classCount;
    }
}

namespace Compiled;

/// <summary>The classes of the targets of a batch, and what each class counts.</summary>
internal sealed class PositionClasses
{
    private readonly Dictionary<int, float> _weights;
    private readonly int[] _classes;

    /// <param name="classWeight">What each class counts; classes that are not there count 1.</param>
    /// <param name="positions">The most positions of a batch.</param>
    /// <exception cref="ArgumentException">A weight is negative, infinite or not a number.</exception>
    public PositionClasses(IReadOnlyDictionary<int, double> classWeight, int positions)
    {
        foreach ((int id, double weight) in classWeight)
        {
            if (!double.IsFinite(weight) || weight < 0)
                throw new ArgumentException($"The weight of class {id} is {weight}; it must be a finite number of at least 0.", nameof(classWeight));
        }

        _weights = classWeight.ToDictionary(pair => pair.Key, pair => (float)pair.Value);
        _classes = new int[positions];
    }

    /// <summary>Targets that are class numbers.</summary>
    public void Read(ReadOnlySpan<int> classIds) => classIds.CopyTo(_classes);

    /// <summary>Targets that are floats: one-hot, or a number that says 0 or 1.</summary>
    public void Read(ReadOnlySpan<float> targets, int classCount)
    {
        for (int i = 0; i < targets.Length / classCount; i++)
            _classes[i] = classCount == 1 ? (int)targets[i] : FirstMaximum(targets.Slice(i * classCount, classCount));
    }

    public float WeightAt(int position) => _weights.TryGetValue(_classes[position], out float weight) ? weight : 1;

    private static int FirstMaximum(ReadOnlySpan<float> values)
    {
        int best = 0;
        for (int i = 1; i < values.Length; i++)
        {
            if (values[i] > values[best])
                best = i;
        }

        return best;
    }
}

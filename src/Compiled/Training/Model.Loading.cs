namespace Compiled;

/// <content>How samples come into the arena, and what is checked on the way.</content>
public abstract partial class Model
{
    private void Load(ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets, ReadOnlySpan<float> sampleWeights)
    {
        if (Plan.Target == TargetKind.ClassId)
            throw new ArgumentException($"The targets of '{Plan.Name}' are class numbers: pass a span of int.", nameof(targets));
        int rows = LoadInputs(inputs);
        if (targets.Length != rows * TargetSize)
        {
            throw new ArgumentException(
                $"{rows} targets of {Text(Plan.TargetShape)} have {rows * TargetSize:N0} elements; {targets.Length:N0} were given.", nameof(targets));
        }

        RequireWeights(sampleWeights, rows);
        targets.CopyTo(_targets.Next<float>(targets.Length));
        _targets.Send<float>(targets.Length);
        SendWeights(rows, sampleWeights);
    }

    private void Load(ReadOnlySpan<float> inputs, ReadOnlySpan<int> classIds, ReadOnlySpan<float> sampleWeights)
    {
        // A collection expression of whole numbers, [0, 1], is a span of int first.
        if (ClassCount == 1)
            throw new ArgumentException($"The targets of '{Plan.Name}' are floats, not class numbers: write [0f, 1f].", nameof(classIds));
        int rows = LoadInputs(inputs);
        int perSample = Plan.Target == TargetKind.ClassId ? TargetSize : TargetSize / ClassCount;
        if (classIds.Length != rows * perSample)
            throw new ArgumentException($"{rows} samples need {rows * perSample:N0} class numbers; {classIds.Length:N0} were given.", nameof(classIds));
        foreach (int id in classIds)
        {
            if ((uint)id >= (uint)ClassCount && id != Plan.IgnoredClass)
                throw new ArgumentException($"Class {id} is out of range: '{Plan.Name}' has the classes 0 to {ClassCount - 1}.", nameof(classIds));
        }

        RequireWeights(sampleWeights, rows);
        SendWeights(rows, sampleWeights);
        if (Plan.Target == TargetKind.ClassId)
        {
            classIds.CopyTo(_targets.Next<int>(classIds.Length));
            _targets.Send<int>(classIds.Length);
            return;
        }

        Span<float> oneHot = _targets.Next<float>(rows * TargetSize);
        oneHot.Clear();
        for (int i = 0; i < classIds.Length; i++)
            oneHot[i * ClassCount + classIds[i]] = 1;
        _targets.Send<float>(oneHot.Length);
    }

    private void RequireWeights(ReadOnlySpan<float> sampleWeights, int rows)
    {
        if (!sampleWeights.IsEmpty && sampleWeights.Length != rows && sampleWeights.Length != rows * Positions)
        {
            string perPosition = Positions == 1 ? "" : $", or {rows * Positions:N0} of their positions";
            throw new ArgumentException(
                $"{rows} samples have {rows} weights{perPosition}; {sampleWeights.Length:N0} were given.", nameof(sampleWeights));
        }
    }

    private void SendWeights(int rows, ReadOnlySpan<float> weights, PositionClasses? classes = null)
    {
        _isWeighted = !weights.IsEmpty || classes is not null;
        if (!_isWeighted)
            return;
        _batchWeights ??= new BatchWeights(_context, BatchSize, Positions);
        _batchWeights.Send(rows, weights, classes);
    }

    private int LoadInputs(ReadOnlySpan<float> inputs)
    {
        int rows = Math.DivRem(inputs.Length, InputSize, out int rest);
        if (rest != 0 || rows == 0)
        {
            throw new ArgumentException(
                $"Inputs of {Text(Plan.InputShape)} have {InputSize:N0} elements each; {inputs.Length:N0} are not a whole number of them.", nameof(inputs));
        }

        if (rows > BatchSize)
        {
            throw new ArgumentException(
                $"{rows:N0} samples do not fit the batch size {BatchSize:N0} that this model was made for. Pass fewer, or make it with batchSize: {rows}.",
                nameof(inputs));
        }

        inputs.CopyTo(_inputs.Next<float>(inputs.Length));
        _inputs.Send<float>(inputs.Length);
        _state.Rows = rows;
        return rows;
    }

    /// <summary>Reads samples of a data set straight to where the device takes them from.</summary>
    /// <param name="data">The samples.</param>
    /// <param name="indices">Which of them.</param>
    /// <param name="weights">Has room for a weight of each; empty where the set has none.</param>
    /// <param name="classes">What the classes count; null for 1.</param>
    private void Load(Dataset data, ReadOnlySpan<int> indices, Span<float> weights, PositionClasses? classes)
    {
        LoadInputs(data, indices);
        int count = indices.Length * TargetSize;
        if (Plan.Target == TargetKind.ClassId)
        {
            Span<int> ids = _targets.Next<int>(count);
            data.ReadClassIds(indices, ids);
            classes?.Read(ids);
        }
        else
        {
            Span<float> targets = _targets.Next<float>(count);
            data.ReadTargets(indices, targets);
            classes?.Read(targets, ClassCount);
        }

        _targets.Send<int>(count); // as long as a float
        Span<float> own = weights[..Math.Min(weights.Length, indices.Length)];
        if (!own.IsEmpty)
            data.ReadSampleWeights(indices, own);
        SendWeights(indices.Length, own, classes);
    }

    private void LoadInputs(Dataset data, ReadOnlySpan<int> indices)
    {
        int count = indices.Length * InputSize;
        data.ReadInputs(indices, _inputs.Next<float>(count));
        _inputs.Send<float>(count);
        _state.Rows = indices.Length;
    }

    private void RequireInputs(Dataset data, string name)
    {
        ArgumentNullException.ThrowIfNull(data, name);
        if (data.Count == 0)
            throw new ArgumentException("The data set is empty.", name);
        if (!data.InputShape.SequenceEqual(Plan.InputShape))
        {
            throw new ArgumentException(
                $"The inputs of the data set are {Text(data.InputShape)}; '{Plan.Name}' takes {Text(Plan.InputShape)}.", name);
        }
    }

    private void RequireFits(Dataset data, string name)
    {
        RequireInputs(data, name);
        if (Plan.Target == TargetKind.ClassId && !data.HasClassIds)
            throw new ArgumentException($"The targets of the data set are floats; '{Plan.Name}' takes class numbers.", name);
        if (data.HasClassIds && data.ClassCount != ClassCount)
            throw new ArgumentException($"The data set has {data.ClassCount} classes; '{Plan.Name}' predicts {ClassCount}.", name);
        if (data.HasClassIds && Plan.OutputShape.Count != 1)
        {
            throw new ArgumentException(
                $"The data set has one class number per sample; '{Plan.Name}' takes {Text(Plan.OutputShape.SkipLast(1).ToArray())} of them. "
                + "Train it with TrainOnBatch.",
                name);
        }

        if (!data.HasClassIds && !data.TargetShape.SequenceEqual(Plan.TargetShape))
        {
            throw new ArgumentException(
                $"The targets of the data set are {Text(data.TargetShape)}; '{Plan.Name}' takes {Text(Plan.TargetShape)}.", name);
        }
    }
}

namespace Compiled;

/// <content>Weights that are the averages of what they were during training.</content>
public abstract partial class Model
{
    private AveragesInUse? _averages;

    /// <summary>
    /// Makes the weights their averages (<see cref="Optimizer.UseEma"/>) until the result is disposed: to evaluate, to predict, to save them.
    /// Then the weights are again what they were; what was written to them meanwhile is lost. To train meanwhile is an error.
    /// </summary>
    /// <returns>To be disposed, with <c>using</c>.</returns>
    /// <exception cref="InvalidOperationException">
    /// The optimizer that trained the model last has not <see cref="Optimizer.UseEma"/>, or the averages are in use already.
    /// </exception>
    public IDisposable UseAverages()
    {
        Enter();
        try
        {
            ThrowIfAveragesInUse();
            if (_slots is not { HasAverages: true } slots || _state.Updates == 0)
            {
                throw new InvalidOperationException(
                    $"'{Plan.Name}' has no averages: train it with an optimizer that is made with {nameof(Optimizer.UseEma)} = true.");
            }

            _hostWeights.Return();
            var before = new float[Plan.Parameters.Count][];
            for (int i = 0; i < before.Length; i++)
            {
                ParameterPlan parameter = Plan.Parameters[i];
                before[i] = new float[parameter.Trainable ? parameter.Count : 0];
                if (parameter.Trainable)
                    _arena.ReadParameter(parameter, before[i]);
            }

            OverwriteWithAverages(slots);
            return _averages = new AveragesInUse(this, before);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Arrays for all weights.</summary>
    internal float[][] RoomForWeights() => [.. Plan.Parameters.Select(parameter => new float[parameter.Count])];

    /// <summary>Copies all weights, and leaves them with the device.</summary>
    internal void ReadWeights(float[][] values)
    {
        Enter();
        try
        {
            _hostWeights.Return();
            for (int i = 0; i < values.Length; i++)
                _arena.ReadParameter(Plan.Parameters[i], values[i]);
        }
        finally
        {
            Exit();
        }
    }

    internal void WriteWeights(float[][] values)
    {
        Enter();
        try
        {
            _hostWeights.Return();
            for (int i = 0; i < values.Length; i++)
                _arena.WriteParameter(Plan.Parameters[i], values[i]);
        }
        finally
        {
            Exit();
        }
    }

    private void OverwriteWithAverages(OptimizerSlots slots)
    {
        _hostWeights.Return();
        foreach (ParameterPlan parameter in Plan.Parameters.Where(parameter => parameter.Trainable))
        {
            float[] average = new float[parameter.Count];
            slots.ReadAverage(parameter, average);
            _arena.WriteParameter(parameter, average);
        }
    }

    /// <summary>At the end of a training: the weights become their averages for good, if there are any.</summary>
    private void FinishAverages(Optimizer optimizer)
    {
        if (_slots is { HasAverages: true } slots && ReferenceEquals(slots.Optimizer, optimizer) && _state.Updates > 0)
            OverwriteWithAverages(slots);
    }

    private void ThrowIfAveragesInUse()
    {
        if (_averages is not null)
        {
            throw new InvalidOperationException(
                $"The weights of '{Plan.Name}' are their averages: dispose what {nameof(UseAverages)} returned first.");
        }
    }

    private void EndAverages(float[][] before)
    {
        if (_use.IsDisposed)
            return;
        Enter();
        try
        {
            _hostWeights.Return();
            for (int i = 0; i < before.Length; i++)
            {
                if (before[i].Length > 0)
                    _arena.WriteParameter(Plan.Parameters[i], before[i]);
            }

            _averages = null;
        }
        finally
        {
            Exit();
        }
    }

    private sealed class AveragesInUse(Model model, float[][] before) : IDisposable
    {
        private float[][]? _before = before;

        public void Dispose()
        {
            if (_before is not null)
                model.EndAverages(_before);
            _before = null;
        }
    }
}

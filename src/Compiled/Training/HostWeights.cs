namespace Compiled;

/// <summary>
/// Copies of weights or gradients for a device whose memory the host cannot address. What was lent goes back to the device before anything
/// runs on it again.
/// </summary>
internal sealed class HostWeights(ModelArena arena, bool gradients)
{
    private readonly List<ParameterPlan> _lent = [];
    private readonly Dictionary<ParameterPlan, float[]> _values = [];

    /// <summary>The values as they are on the device, or as they were lent since the last <see cref="Return"/>.</summary>
    public Span<float> Lend(ParameterPlan parameter)
    {
        if (!_values.TryGetValue(parameter, out float[]? values))
            _values.Add(parameter, values = new float[parameter.Count]);
        if (_lent.Contains(parameter))
            return values;
        if (gradients)
            arena.ReadGradient(parameter, values);
        else
            arena.ReadParameter(parameter, values);
        _lent.Add(parameter);
        return values;
    }

    /// <summary>Writes everything that was lent to the device, whether it was changed or not.</summary>
    public void Return()
    {
        if (_lent.Count == 0)
            return;
        foreach (ParameterPlan parameter in _lent)
        {
            if (gradients)
                arena.WriteGradient(parameter, _values[parameter]);
            else
                arena.WriteParameter(parameter, _values[parameter]);
        }

        _lent.Clear();
    }
}

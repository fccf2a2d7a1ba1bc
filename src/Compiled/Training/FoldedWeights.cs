namespace Compiled;

/// <summary>
/// The weights that prediction multiplies normalizations into: made anew when those that they are made of may have changed, so that a row of
/// predictions pays once.
/// </summary>
/// <param name="arena">Where they are.</param>
/// <param name="pass">What makes them.</param>
internal sealed class FoldedWeights(ModelArena arena, RecordedPass pass) : IDisposable
{
    private long _version = -1;
    private bool _isDistrusted;

    /// <summary>Somebody has a span of weights, through which they can change at any time and unseen.</summary>
    public void DistrustFromNowOn() => _isDistrusted = true;

    /// <summary>Makes them, unless they are what they would become.</summary>
    public void Refresh()
    {
        if (!arena.FoldsWeights || (!_isDistrusted && _version == arena.WeightsVersion))
            return;
        _version = -1; // Making them may fail.
        pass.Run(basis: null, weights: null);
        _version = arena.WeightsVersion;
    }

    public void Dispose() => pass.Dispose();
}

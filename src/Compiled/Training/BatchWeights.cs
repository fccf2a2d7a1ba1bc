namespace Compiled;

/// <summary>
/// What each loss value of a batch counts, one number per sample and position: in a buffer of its own, as most models are never given any.
/// </summary>
internal sealed class BatchWeights : IDisposable
{
    private const int Areas = 2;

    private readonly BufferHandle _buffer;
    private readonly Feed _feed;
    private readonly int _positions;

    public BatchWeights(ContextHandle context, int batchSize, int positions)
    {
        _positions = positions;
        long bytes = (long)batchSize * positions * sizeof(float);
        _buffer = new BufferHandle(context, bytes);
        try
        {
            _feed = new Feed(_buffer, 0, bytes, Areas);
        }
        catch
        {
            _buffer.Dispose();
            throw;
        }
    }

    public nint Address => _buffer.Address;

    /// <summary>Sends weights, of samples or of their positions, each times that of the class there.</summary>
    /// <param name="rows">The number of samples.</param>
    /// <param name="weights">One per sample or per position; empty for 1.</param>
    /// <param name="classes">The weights of the classes, and the classes of all positions; null for 1.</param>
    public void Send(int rows, ReadOnlySpan<float> weights, PositionClasses? classes = null)
    {
        int count = rows * _positions;
        Span<float> target = _feed.Next<float>(count);
        for (int i = 0; i < count; i++)
        {
            float own = weights.IsEmpty ? 1 : weights.Length == count ? weights[i] : weights[i / _positions];
            target[i] = classes is null ? own : own * classes.WeightAt(i);
        }

        _feed.Send<float>(count);
    }

    public void Dispose()
    {
        _feed.Dispose();
        _buffer.Dispose();
    }
}

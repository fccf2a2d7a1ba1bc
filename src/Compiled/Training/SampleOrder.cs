namespace Compiled;

/// <summary>
/// The order in which a data set is read: pass after pass over all samples, each pass in an order of its own that follows from the seed and
/// the number of the pass. The last batch of a pass may be smaller.
/// </summary>
internal sealed class SampleOrder
{
    private readonly int[] _order;
    private readonly int _batchSize;
    private readonly bool _shuffle;
    private readonly ulong _seed;
    private int _next;
    private ulong _pass;

    public SampleOrder(int count, int batchSize, bool shuffle, ulong seed)
    {
        _order = new int[count];
        _batchSize = batchSize;
        _shuffle = shuffle;
        _seed = seed;
        Begin(0);
    }

    /// <summary>The number of the pass that is being read, from 0.</summary>
    public long Pass => (long)_pass;

    /// <summary>The order of this pass.</summary>
    public ReadOnlySpan<int> Samples => _order;

    /// <summary>Where in the pass the batch begins that <see cref="Next"/> gave last.</summary>
    public int First { get; private set; }

    public int BatchesPerPass => (_order.Length + _batchSize - 1) / _batchSize;

    /// <summary>Goes to a batch counted from the beginning of the first pass.</summary>
    public void Seek(long batch)
    {
        Begin((ulong)(batch / BatchesPerPass));
        _next = (int)(batch % BatchesPerPass) * _batchSize;
    }

    /// <summary>The samples of the next batch.</summary>
    public ReadOnlySpan<int> Next()
    {
        if (_next >= _order.Length)
            Begin(_pass + 1);
        int count = Math.Min(_batchSize, _order.Length - _next);
        First = _next;
        _next += count;
        return _order.AsSpan(First, count);
    }

    private void Begin(ulong pass)
    {
        _pass = pass;
        _next = 0;
        for (int i = 0; i < _order.Length; i++)
            _order[i] = i;
        if (_shuffle)
            Shuffle();
    }

    /// <summary>Fisher and Yates, with the word's upper bits scaled to the range: fair to within 2⁻³² times the count.</summary>
    private void Shuffle()
    {
        for (int i = _order.Length - 1; i > 0; i--)
        {
            uint word = Philox.Word(_seed, RandomStreams.Shuffling, _pass, (ulong)i);
            int j = (int)(((ulong)word * (ulong)(i + 1)) >> 32);
            (_order[i], _order[j]) = (_order[j], _order[i]);
        }
    }
}

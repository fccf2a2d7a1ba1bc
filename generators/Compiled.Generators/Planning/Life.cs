using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>When a buffer is needed: from its first to its last use in each of the passes that know it.</summary>
internal sealed class Life(long bytes)
{
    private readonly Dictionary<object, (int First, int Last)> _spans = [];

    public long Bytes { get; } = bytes;

    public int Request { get; set; }

    public long Offset { get; set; }

    public void Use(object pass, int now) => _spans[pass] =
        _spans.TryGetValue(pass, out (int First, int Last) span) ? (Math.Min(span.First, now), Math.Max(span.Last, now)) : (now, now);

    /// <summary>Whether it is needed before and after a moment of a pass.</summary>
    public bool Outlives(object pass, int moment) =>
        _spans.TryGetValue(pass, out (int First, int Last) span) && span.First < moment && span.Last > moment;

    /// <summary>Whether both are needed at once. Passes do not overlap: nothing but the weights is kept from one to the next.</summary>
    public bool Overlaps(Life other) => _spans.Any(span =>
        other._spans.TryGetValue(span.Key, out (int First, int Last) theirs) && span.Value.First <= theirs.Last && theirs.First <= span.Value.Last);
}

using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// Gives each buffer its place in one arena. Two buffers may share memory when they are never alive at once; the largest are placed first,
/// each at the lowest offset that is free during its whole life.
/// </summary>
internal sealed class MemoryPlanner
{
    /// <summary>A cache line; also what the widest vector needs.</summary>
    public const long Alignment = 64;

    private readonly List<Request> _requests = [];

    public static long Align(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    /// <summary>Asks for a buffer; the answer is its number.</summary>
    public int Add(Life life)
    {
        _requests.Add(new Request(_requests.Count, Align(life.Bytes), life));
        return _requests.Count - 1;
    }

    /// <summary>The offset of each buffer, and the size of the arena.</summary>
    public (long[] Offsets, long Size) Place()
    {
        long[] offsets = new long[_requests.Count];
        var placed = new List<Request>(); // in the order of their offsets
        foreach (Request request in _requests.OrderByDescending(request => request.Bytes).ThenBy(request => request.Id))
        {
            long offset = 0;
            foreach (Request other in placed)
            {
                if (!request.Life.Overlaps(other.Life))
                    continue;
                if (offset + request.Bytes <= offsets[other.Id])
                    break;
                offset = System.Math.Max(offset, offsets[other.Id] + other.Bytes);
            }

            offsets[request.Id] = offset;
            int after = placed.Count;
            while (after > 0 && offsets[placed[after - 1].Id] > offset)
                after--;
            placed.Insert(after, request);
        }

        return (offsets, placed.Count == 0 ? 0 : placed.Max(request => offsets[request.Id] + request.Bytes));
    }

    private sealed record Request(int Id, long Bytes, Life Life);
}

using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>A part of the arena in which nothing lies.</summary>
/// <param name="Offset">Where it begins.</param>
/// <param name="Bytes">Its size.</param>
internal sealed record Gap(long Offset, long Bytes)
{
    /// <summary>The largest one between buffers that have their places in an arena of that size; the first of equal ones.</summary>
    public static Gap Largest(IEnumerable<Life> buffers, long size)
    {
        var largest = new Gap(0, 0);
        long end = 0;
        foreach (Life buffer in buffers.OrderBy(buffer => buffer.Offset))
        {
            Note(buffer.Offset);
            end = Math.Max(end, buffer.Offset + MemoryPlanner.Align(buffer.Bytes));
        }

        Note(size);
        return largest;

        void Note(long next)
        {
            if (next - end > largest.Bytes)
                largest = new Gap(end, next - end);
        }
    }
}

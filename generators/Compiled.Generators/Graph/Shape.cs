using System.Globalization;
using System.Linq;

namespace Compiled.Generators;

/// <summary>The extents of a value per sample, without the batch.</summary>
internal sealed record Shape(EquatableArray<long> Extents)
{
    public Shape(params long[] extents)
        : this(extents.ToEquatableArray())
    {
    }

    public int Rank => Extents.Count;

    public long Last => Extents.Last;

    public long Height => Extents[0];

    public long Width => Extents[1];

    /// <summary>The number of elements; <see cref="long.MaxValue"/> where 64 bits do not hold it.</summary>
    public long Elements => Extents.Aggregate(1L, Multiply);

    public override string ToString() =>
        Rank == 0 ? "scalar" : string.Join("×", Extents.Select(extent => extent.ToString(CultureInfo.InvariantCulture)));

    public static long Multiply(long left, long right) => right != 0 && left > long.MaxValue / right ? long.MaxValue : left * right;
}

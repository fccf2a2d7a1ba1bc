namespace Compiled.Tests;

/// <summary>Managed bytes that code allocates on its own thread.</summary>
/// <remarks>
/// A collection that another test causes may give up the rest of this thread's allocation buffer, which the runtime then counts as allocated;
/// what the code itself allocates is in every measurement.
/// </remarks>
internal static class Allocations
{
    /// <summary>The most that a collection can add.</summary>
    public const int BufferBytes = 8192;

    private const int Measurements = 3;

    /// <summary>The fewest bytes of a few measurements of an action that is run some times in each.</summary>
    public static long Fewest(Action action, int times)
    {
        long fewest = long.MaxValue;
        for (int measurement = 0; measurement < Measurements; measurement++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < times; i++)
                action();
            fewest = Math.Min(fewest, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return fewest;
    }
}

namespace Compiled;

/// <summary>Arithmetic of shapes.</summary>
internal static class Shapes
{
    /// <summary>The number of elements. It is asked for at every step, so it uses no enumerator: that would be an allocation.</summary>
    public static long Size(IReadOnlyList<int> shape)
    {
        long size = 1;
        for (int i = 0; i < shape.Count; i++)
            size *= shape[i];
        return size;
    }
}

namespace Compiled.Bindings;

/// <summary>Names keep their C spelling, except those of parameters.</summary>
internal static class Names
{
    /// <summary>slot_0 to slot0, host_text to hostText.</summary>
    public static string Parameter(string name)
    {
        string[] words = name.Split('_', StringSplitOptions.RemoveEmptyEntries);
        return string.Concat([words[0], .. words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..])]);
    }
}

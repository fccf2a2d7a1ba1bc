namespace Compiled.Misuse;

/// <summary>What was tried last, for the message of a failure; a process that dies leaves it on its error output.</summary>
internal static class Trace
{
    private static readonly bool Loud = Environment.GetEnvironmentVariable("COMPILED_MISUSE_TRACE") is not null;

    public static string Last
    {
        get;
        set
        {
            field = value;
            if (Loud)
                Console.Error.WriteLine(value);
        }
    }

    = "";
}

namespace Compiled.Misuse;

/// <summary>What a user sees whose native library is missing or another one; the test looks at the text.</summary>
internal static class Loading
{
    public static void Load()
    {
        for (int attempt = 1; attempt <= 2; attempt++)
        {
            try
            {
                Console.WriteLine($"{attempt}: {Device.Default}");
            }
            catch (Exception fault)
            {
                Console.WriteLine($"{attempt}: {fault.GetType().Name}: {fault.Message}");
            }
        }
    }
}

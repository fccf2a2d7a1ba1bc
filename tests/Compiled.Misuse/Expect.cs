namespace Compiled.Misuse;

/// <summary>What must hold; a violation ends the scenario.</summary>
internal static class Expect
{
    public static void That(bool condition, string what)
    {
        if (!condition)
            throw new InvalidOperationException($"expected: {what}");
    }

    public static T Throws<T>(Action action, params string[] words)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T fault)
        {
            foreach (string word in words)
                That(fault.Message.Contains(word, StringComparison.Ordinal), $"'{word}' in the message '{fault.Message}'");
            return fault;
        }

        throw new InvalidOperationException($"expected: {typeof(T).Name}");
    }

    /// <summary>Runs bodies at the same time, each on a thread of its own; the first failure of one is thrown.</summary>
    public static void Together(params Action[] bodies)
    {
        Exception? failure = null;
        Thread[] threads = [.. bodies.Select(body => new Thread(() =>
        {
            try
            {
                body();
            }
            catch (Exception fault)
            {
                Interlocked.CompareExchange(ref failure, fault, null);
            }
        }))];
        foreach (Thread thread in threads)
            thread.Start();
        foreach (Thread thread in threads)
            thread.Join();
        if (failure is not null)
            throw new InvalidOperationException("on another thread", failure);
    }
}

namespace Compiled.Tests;

/// <summary>What two sets of declarations do not have in common.</summary>
public static class Difference
{
    /// <summary>A sentence for each line that only one side has; none when they agree.</summary>
    public static string[] Between(string left, IEnumerable<string> leftLines, string right, IEnumerable<string> rightLines)
    {
        string[] lefts = [.. leftLines], rights = [.. rightLines];
        return
        [
            .. lefts.Except(rights).Select(line => $"only {left}: {line}"),
            .. rights.Except(lefts).Select(line => $"only {right}: {line}"),
        ];
    }
}

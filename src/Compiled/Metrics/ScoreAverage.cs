namespace Compiled;

/// <summary>How the scores of classes become one number.</summary>
public enum ScoreAverage
{
    /// <summary>Their mean.</summary>
    Macro,

    /// <summary>The score of all classes counted together.</summary>
    Micro,

    /// <summary>Their mean, each weighted by how many targets there are of the class.</summary>
    Weighted,
}

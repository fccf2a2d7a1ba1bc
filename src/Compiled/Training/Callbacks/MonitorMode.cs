namespace Compiled;

/// <summary>Which values of what a callback monitors are better.</summary>
public enum MonitorMode
{
    /// <summary>Larger ones of accuracies and other scores, smaller ones of losses and errors.</summary>
    Auto,

    /// <summary>Smaller ones.</summary>
    Min,

    /// <summary>Larger ones.</summary>
    Max,
}

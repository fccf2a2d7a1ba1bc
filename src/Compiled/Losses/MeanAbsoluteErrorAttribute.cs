namespace Compiled;

/// <summary>The mean of |prediction - target| over the last axis, for targets of the output's shape.</summary>
public sealed class MeanAbsoluteErrorAttribute : LossAttribute;

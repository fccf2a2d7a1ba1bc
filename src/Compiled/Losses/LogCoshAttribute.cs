namespace Compiled;

/// <summary>
/// The mean of log(cosh(prediction - target)) over the last axis, for targets of the output's shape: like half of the square for small
/// differences, like the absolute value less log 2 for large ones.
/// </summary>
public sealed class LogCoshAttribute : LossAttribute;

namespace Compiled;

/// <summary>
/// The mean of max(1 - target · prediction, 0) over the last axis, for targets of the output's shape that are -1 and 1. A batch whose
/// targets are all 0 or 1 counts as one of -1 and 1 (Keras from 2.3 on).
/// </summary>
public sealed class HingeAttribute : LossAttribute;

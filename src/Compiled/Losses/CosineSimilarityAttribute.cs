namespace Compiled;

/// <summary>
/// Minus the cosine of the angle between prediction and target, along the last axis: -1 where they point the same way, 1 where they are
/// opposite. A vector that is shorter than 1e-6 counts as if it were that long.
/// </summary>
public sealed class CosineSimilarityAttribute : LossAttribute;

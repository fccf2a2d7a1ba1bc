using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>The losses, numbered as in cn_loss_kind.</summary>
internal enum LossKind
{
    MeanSquaredError,
    CategoricalCrossentropy,
    SparseCategoricalCrossentropy,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError,
    LogCosh,
    Huber,
    Poisson,
    KLDivergence,
    CosineSimilarity,
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    Dice,
    Tversky,
}

/// <summary>What is to be known of the losses.</summary>
internal static class LossKinds
{
    public static IEnumerable<LossKind> All { get; } = Enum.GetValues(typeof(LossKind)).Cast<LossKind>();

    /// <summary>The Keras name.</summary>
    public static string BaseName(this LossKind loss) => loss switch
    {
        LossKind.KLDivergence => "kl_divergence",
        _ => LayerNames.Snake(loss.ToString()),
    };

    public static string Constant(this LossKind loss) => "CN_LOSS_" + loss.BaseName().ToUpperInvariant();

    /// <summary>Whether it asks of each output by itself how probable it is.</summary>
    public static bool IsBinary(this LossKind loss) => loss is LossKind.BinaryCrossentropy or LossKind.BinaryFocalCrossentropy;

    /// <summary>Whether the outputs are the probabilities of classes.</summary>
    public static bool IsCategorical(this LossKind loss) => loss
        is LossKind.CategoricalCrossentropy or LossKind.SparseCategoricalCrossentropy or LossKind.CategoricalFocalCrossentropy;

    public static bool IsFocal(this LossKind loss) => loss is LossKind.BinaryFocalCrossentropy or LossKind.CategoricalFocalCrossentropy;

    /// <summary>Whether it looks at many positions at once.</summary>
    public static bool IsOverlap(this LossKind loss) => loss is LossKind.Dice or LossKind.Tversky;

    public static bool TakesClassIds(this LossKind loss) => loss == LossKind.SparseCategoricalCrossentropy;
}

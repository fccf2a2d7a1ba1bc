namespace Compiled;

/// <summary>A metric of a <see cref="ModelPlan"/>.</summary>
/// <param name="Name">What it is reported as.</param>
/// <param name="Rule">How its value comes from its sums.</param>
/// <param name="Sums">How many sums it has on the device.</param>
/// <param name="Parameter">Of rules that have one: the least specificity or sensitivity, or beta.</param>
/// <param name="Average">Of scores.</param>
public sealed record MetricPlan(string Name, MetricRule Rule, int Sums, double Parameter = 0, ScoreAverage Average = ScoreAverage.Macro)
{
    /// <summary>Whether larger values are better.</summary>
    public bool LargerIsBetter { get; init; }

    /// <summary>The classes that <see cref="MetricRule.IoU"/> looks at; else none.</summary>
    public IReadOnlyList<int> TargetClassIds { get; init; } = [];
}

/// <summary>How the value of a metric comes from its sums.</summary>
public enum MetricRule
{
    /// <summary>A sum over a number.</summary>
    Mean,

    /// <summary>Minus that.</summary>
    NegativeMean,

    /// <summary>The root of the mean.</summary>
    RootMean,

    /// <summary>Outputs that are above the threshold, rightly.</summary>
    TruePositives,

    /// <summary>Outputs that are above the threshold, wrongly.</summary>
    FalsePositives,

    /// <summary>Outputs that are not above the threshold, rightly.</summary>
    TrueNegatives,

    /// <summary>Outputs that are not above the threshold, wrongly.</summary>
    FalseNegatives,

    /// <summary>True positives among what is above the threshold.</summary>
    Precision,

    /// <summary>True positives among what should be above the threshold.</summary>
    Recall,

    /// <summary>The area under the ROC curve.</summary>
    AreaUnderCurve,

    /// <summary>The best sensitivity at a specificity.</summary>
    SensitivityAtSpecificity,

    /// <summary>The best specificity at a sensitivity.</summary>
    SpecificityAtSensitivity,

    /// <summary>Intersection over union, of all classes.</summary>
    MeanIoU,

    /// <summary>Intersection over union, of some classes.</summary>
    IoU,

    /// <summary>The F score of classes.</summary>
    FBetaScore,

    /// <summary>The coefficient of determination.</summary>
    R2Score,
}

namespace Compiled;

/// <summary>The names of what the epochs of a model give.</summary>
internal static class MetricNames
{
    public const string Loss = "loss";
    public const string Accuracy = "accuracy";
    public const string Validation = "val_";
    public const string LearningRate = "learning_rate";

    /// <summary>All of training, in order.</summary>
    public static IEnumerable<string> Of(ModelPlan plan) => [Loss, .. plan.HasAccuracy ? [Accuracy] : (string[])[], .. plan.Metrics.Select(metric => metric.Name)];

    /// <summary>The name without <c>val_</c>, and whether that stood before it; <c>acc</c> is <c>accuracy</c>.</summary>
    public static (string Name, bool IsOfValidation) Split(string name)
    {
        bool isOfValidation = name.StartsWith(Validation, StringComparison.Ordinal);
        string rest = isOfValidation ? name[Validation.Length..] : name;
        return (rest == "acc" ? Accuracy : rest, isOfValidation);
    }

    /// <exception cref="ArgumentException">A run will not have a value of that name.</exception>
    public static void Require(string name, ModelPlan plan, bool hasValidation)
    {
        (string own, bool isOfValidation) = Split(name);
        if (!Of(plan).Contains(own))
            throw new ArgumentException($"'{plan.Name}' gives no '{name}'; it gives {List(Of(plan))}, with a validation set also {Validation}{Loss} and so on.");
        if (isOfValidation && !hasValidation)
            throw new ArgumentException($"'{name}' is of the validation: give Fit a validation set, and a validationFrequency that comes to it, or name '{own}'.");
    }

    public static bool LargerIsBetter(string name, ModelPlan plan)
    {
        string own = Split(name).Name;
        return own == Accuracy || plan.Metrics.Any(metric => metric.Name == own && metric.LargerIsBetter);
    }

    public static string List(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return all.Length == 1 ? all[0] : $"{string.Join(", ", all.SkipLast(1))} and {all[^1]}";
    }
}

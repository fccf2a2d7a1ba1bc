using System.Globalization;

namespace Compiled.Reference;

/// <summary>What is asked of a weight: a penalty in the loss, and what it is made to be after each update.</summary>
/// <param name="L1">Of the sum of magnitudes.</param>
/// <param name="L2">Of the sum of squares.</param>
/// <param name="Constraint">A member of the library's enumeration.</param>
/// <param name="Maximum">The largest norm, of a constraint that has one.</param>
/// <param name="Minimum">The least norm, likewise.</param>
/// <param name="Rate">How far a norm moves into its range, likewise.</param>
public sealed record WeightRule(
    double L1 = 0, double L2 = 0, string Constraint = "None", double? Maximum = null, double? Minimum = null, double? Rate = null)
{
    /// <summary>Nothing.</summary>
    public static WeightRule None { get; } = new();

    public RegularizerRule Regularizer => new(L1, L2);

    /// <summary>How it is written, as properties that begin with the name of the weight.</summary>
    public IEnumerable<string> Arguments(string weight)
    {
        if (L1 != 0)
            yield return $"{weight}L1 = {Text(L1)}";
        if (L2 != 0)
            yield return $"{weight}L2 = {Text(L2)}";
        if (Constraint != "None")
            yield return $"{weight}Constraint = Compiled.Constraint.{Constraint}";
        if (Maximum is { } maximum)
            yield return $"{weight}ConstraintValue = {Text(maximum)}";
        if (Minimum is { } minimum)
            yield return $"{weight}ConstraintMinimum = {Text(minimum)}";
        if (Rate is { } rate)
            yield return $"{weight}ConstraintRate = {Text(rate)}";
    }

    /// <summary>Makes a weight what it is to be, in place.</summary>
    public void Constrain(Tensor weight)
    {
        Action<Tensor> constrain = Constraint switch
        {
            "MaxNorm" => ConstraintRules.MaxNorm(Maximum ?? 2),
            "NonNeg" => ConstraintRules.NonNegative,
            "UnitNorm" => ConstraintRules.UnitNorm,
            "MinMaxNorm" => ConstraintRules.MinMaxNorm(Minimum ?? 0, Maximum ?? 1, Rate ?? 1),
            _ => _ => { }
            ,
        };
        constrain(weight);
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

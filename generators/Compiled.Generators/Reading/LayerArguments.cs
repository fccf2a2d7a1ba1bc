using System;
using System.Globalization;
using System.Linq;

namespace Compiled.Generators;

/// <summary>Asks for the arguments of one layer and reports those that are out of range.</summary>
internal sealed class LayerArguments(LayerSpec spec, int layer, string title, IssueList issues)
{
    /// <summary>What a value of an enumeration must be.</summary>
    public const string EnumRange = "one of the enumeration's members";

    public bool Failed { get; private set; }

    /// <summary>What the layer reads first.</summary>
    public Shape Input { get; init; } = new(1);

    public string? Text(string name) => Find(name) as string;

    public bool Flag(string name, bool otherwise) => Find(name) as bool? ?? otherwise;

    public long Integer(string name, long otherwise) => Find(name) as long? ?? otherwise;

    public bool Has(string name) => Find(name) is not null;

    /// <summary>An integer of at least 1.</summary>
    public long Positive(string name, long otherwise)
    {
        long value = Integer(name, otherwise);
        if (value < 1 || value > int.MaxValue)
        {
            OutOfRange(name, value.ToString(CultureInfo.InvariantCulture), "at least 1");
            return 1;
        }

        return value;
    }

    /// <summary>An integer of at least 0.</summary>
    public long AtLeastZero(string name, long otherwise)
    {
        long value = Integer(name, otherwise);
        if (value >= 0)
            return value;
        OutOfRange(name, value.ToString(CultureInfo.InvariantCulture), "at least 0");
        return 0;
    }

    /// <summary>A number of channels of at least 1: as written, or by a member of Compiled.Filters in percent of the input's.</summary>
    public long Channels(string name)
    {
        long value = Integer(name, 0);
        if (value is not (-25 or -50 or -100 or -200 or -400))
            return Positive(name, 0);
        long hundredfold = Shape.Multiply(Input.Last, -value);
        if (hundredfold % 100 == 0)
            return hundredfold / 100;
        OutOfRange(name, $"{-value} % of {Input.Last} channels", "a whole number");
        return 1;
    }

    /// <summary>A number in [0, 1), also once it is a float.</summary>
    public double Fraction(string name) => Number(name, 0, value => value >= 0 && (float)value < 1, "at least 0 and less than 1");

    /// <summary>A number in a range.</summary>
    public double Number(string name, double otherwise, double least, double most) => Number(
        name, otherwise, value => value >= least && value <= most, Range(least, most));

    private static string Range(double least, double most) => (least, most) switch
    {
        (float.MinValue, float.MaxValue) => "finite",
        (_, float.MaxValue) => $"at least {Text(least)} and finite",
        (_, double.PositiveInfinity) => $"at least {Text(least)}",
        _ => $"from {Text(least)} to {Text(most)}",
    };

    /// <summary>A number above 0 that is neither 0 nor infinite as a float.</summary>
    public double PositiveNumber(string name, double otherwise) => Number(
        name, otherwise, value => (float)value > 0 && !float.IsInfinity((float)value), "a float greater than 0");

    /// <summary>A number of at least 0 that is finite as a float.</summary>
    public double NonNegative(string name, double otherwise) => Number(
        name, otherwise, value => value >= 0 && value <= float.MaxValue, "at least 0 and finite");

    /// <summary>Any number.</summary>
    public double Number(string name, double otherwise) => Number(name, otherwise, _ => true, "");

    private double Number(string name, double otherwise, Func<double, bool> isAllowed, string allowed)
    {
        double value = Find(name) switch
        {
            double number => number,
            long number => number,
            _ => otherwise,
        };
        if (isAllowed(value))
            return value;
        OutOfRange(name, Text(value), allowed);
        return otherwise;
    }

    public static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The number of a member of an enum with <paramref name="count"/> members.</summary>
    public int Choice(string name, int count, int otherwise = 0)
    {
        long value = Integer(name, otherwise);
        if (value >= 0 && value < count)
            return (int)value;
        OutOfRange(name, value.ToString(CultureInfo.InvariantCulture), EnumRange);
        return otherwise;
    }

    public void OutOfRange(string name, string value, string allowed, int element = 0)
    {
        Failed = true;
        issues.OnElement(Rules.OutOfRange, layer, name, element, title, name, value, allowed);
    }

    public EquatableArray<string> Texts(string name) => Find(name) is EquatableArray<string> values ? values : default;

    public EquatableArray<long> Integers(string name) => Find(name) is EquatableArray<long> values ? values : default;

    private object? Find(string name) => spec.Arguments.FirstOrDefault(argument => argument.Name == name)?.Value;
}

using System.Linq;

namespace Compiled.Generators;

/// <summary>Asks for the arguments of one layer and reports those that are out of range.</summary>
internal sealed class LayerArguments(LayerSpec spec, int layer, string title, IssueList issues)
{
    /// <summary>What a value of an enumeration must be.</summary>
    public const string EnumRange = "one of the enumeration's members";

    public bool Failed { get; private set; }

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
            OutOfRange(name, value.ToString(System.Globalization.CultureInfo.InvariantCulture), "at least 1");
            return 1;
        }

        return value;
    }

    /// <summary>A number in [0, 1), also once it is a float.</summary>
    public double Fraction(string name)
    {
        double value = Find(name) switch
        {
            double number => number,
            long number => number,
            _ => 0,
        };
        if (value >= 0 && (float)value < 1)
            return value;
        OutOfRange(name, value.ToString("R", System.Globalization.CultureInfo.InvariantCulture), "at least 0 and less than 1");
        return 0;
    }

    /// <summary>The number of a member of an enum with <paramref name="count"/> members.</summary>
    public int Choice(string name, int count, int otherwise = 0)
    {
        long value = Integer(name, otherwise);
        if (value >= 0 && value < count)
            return (int)value;
        OutOfRange(name, value.ToString(System.Globalization.CultureInfo.InvariantCulture), EnumRange);
        return otherwise;
    }

    public void OutOfRange(string name, string value, string allowed, int element = 0)
    {
        Failed = true;
        issues.OnElement(Rules.OutOfRange, layer, name, element, title, name, value, allowed);
    }

    public EquatableArray<long> Integers(string name) => Find(name) is EquatableArray<long> values ? values : default;

    private object? Find(string name) => spec.Arguments.FirstOrDefault(argument => argument.Name == name)?.Value;
}

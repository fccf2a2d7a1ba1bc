namespace Compiled;

/// <summary>Numbers of filters that follow the input of the layer, for blocks that stand at several widths of a network.</summary>
public static class Filters
{
    /// <summary>As many as the input has channels.</summary>
    public const int Same = -100;

    /// <summary>Twice as many.</summary>
    public const int Twice = -200;

    /// <summary>Four times as many.</summary>
    public const int FourTimes = -400;

    /// <summary>Half as many; the channels of the input must be even.</summary>
    public const int Half = -50;

    /// <summary>A quarter; the channels of the input must be a multiple of 4.</summary>
    public const int Quarter = -25;
}

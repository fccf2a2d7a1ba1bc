namespace Compiled.Reference;

/// <summary>
/// Gaussian noise, drawn with the method of Box and Muller. Elements 2p and 2p + 1 share two words of their stream, those at positions 2p
/// and 2p + 1: u = ((first >> 8) + 1) / 2²⁴ in (0, 1], v = (second >> 8) / 2²⁴ in [0, 1), and √(−2 ln u) times cos 2πv and sin 2πv. So
/// an element needs the block of the generator that dropout would need for it, and no number is beyond 5.77.
/// </summary>
public static class Noise
{
    /// <summary>A number of mean 0 and deviation 1.</summary>
    /// <param name="element">The row-major index in the whole batch.</param>
    /// <param name="word">The random word at a position.</param>
    public static double Normal(int element, Func<int, uint> word)
    {
        int pair = element / 2 * 2;
        double u = ((word(pair) >> 8) + 1.0) / (1 << 24);
        double angle = 2 * Math.PI * (word(pair + 1) >> 8) / (1 << 24);
        return Math.Sqrt(-2 * Math.Log(u)) * (element % 2 == 0 ? Math.Cos(angle) : Math.Sin(angle));
    }

    /// <summary>Training: x and noise of the given deviation. The gradient passes unchanged; prediction adds nothing.</summary>
    public static Tensor Add(Tensor x, double deviation, Func<int, uint> word) =>
        new(x.Shape, [.. x.Values.Select((value, i) => value + ((double)(float)deviation * Normal(i, word)))]);
}

namespace Compiled.Reference;

/// <summary>Dropout: a mask of kept elements, and what it does to a tensor and to its gradient alike.</summary>
public static class Masks
{
    /// <summary>An element is kept when the upper 24 bits of its random word reach rate · 2²⁴.</summary>
    /// <param name="count">How many elements.</param>
    /// <param name="rate">The part to drop, in [0, 1).</param>
    /// <param name="word">The random word of an element.</param>
    public static bool[] Draw(int count, double rate, Func<int, uint> word)
    {
        double threshold = Math.Ceiling((double)(float)rate * (1 << 24));
        return [.. Enumerable.Range(0, count).Select(element => (word(element) >> 8) >= threshold)];
    }

    /// <summary>
    /// One decision per sample and channel of NHWC images: number sample · channels + channel, drawn as an element of <see cref="Draw"/>.
    /// The mask has an entry per element.
    /// </summary>
    public static bool[] DrawChannels(Tensor x, double rate, Func<int, uint> word)
    {
        bool[] kept = Draw(x.Shape[0] * x.Last, rate, word);
        int sample = x.Count / x.Shape[0];
        return [.. Enumerable.Range(0, x.Count).Select(i => kept[(i / sample * x.Last) + (i % x.Last)])];
    }

    public static Tensor Apply(Tensor x, bool[] kept, double rate) =>
        new(x.Shape, [.. x.Values.Select((value, i) => kept[i] ? value / (1 - (double)(float)rate) : 0)]);
}

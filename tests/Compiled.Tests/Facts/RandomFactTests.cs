using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Known properties of masks and noise.</summary>
public sealed class RandomFactTests
{
    private static uint Word(int element) => Philox.Word(42, 3, 5, (ulong)element);

    [Fact]
    public void Dropout_keeps_the_mean()
    {
        Tensor ones = new Tensor([20, 500]).Map(_ => 1), y = Masks.Apply(ones, Masks.Draw(ones.Count, 0.5, Word), 0.5);
        Assert.InRange(y.Values.Average(), 0.98, 1.02);
        Assert.Equal(2, y.Values.Max());
        Assert.Equal(0, y.Values.Min());
    }

    [Fact]
    public void Dropout_of_channels_draws_once_per_sample_and_channel()
    {
        Tensor x = new([3, 4, 5, 7]);
        bool[] kept = Masks.DrawChannels(x, 0.3, Word), once = Masks.Draw(21, 0.3, Word);
        for (int i = 0; i < x.Count; i++)
            Assert.Equal(once[(i / 140 * 7) + (i % 7)], kept[i]);
        Assert.Contains(true, once);
        Assert.Contains(false, once);
    }

    [Fact]
    public void Noise_has_mean_0_and_deviation_1()
    {
        double[] noise = [.. Enumerable.Range(0, 20_000).Select(element => Noise.Normal(element, Word))];
        Assert.InRange(noise.Average(), -0.02, 0.02);
        Assert.InRange(Math.Sqrt(noise.Average(value => value * value)), 0.98, 1.02);
        Assert.InRange(noise.Average(value => Math.Pow(value, 4)), 2.8, 3.2);
        Assert.InRange(noise.Where((_, i) => i % 2 == 0).Zip(noise.Where((_, i) => i % 2 == 1), (a, b) => a * b).Average(), -0.03, 0.03);
        Assert.Equal(0.3173, noise.Count(value => Math.Abs(value) > 1) / 20_000.0, 0.01);
    }

    // A quarter of the way around the circle at u = 1/e², a half at u = 1.
    [Fact]
    public void Two_words_make_two_numbers()
    {
        uint[] words = [((uint)Math.Round(Math.Exp(-2) * (1 << 24)) - 1) << 8, 1u << 30, uint.MaxValue, 1u << 31];
        Near.Equal([0, 2, 0, 0], Enumerable.Range(0, 4).Select(element => Noise.Normal(element, position => words[position])), 1e-6);
        Near.Equal([10, 11], Noise.Add(new Tensor([1, 2], [10, 10]), 0.5, position => words[position]).Values, 1e-6);
        uint[] least = [0, 0];
        Near.Equal([Math.Sqrt(48 * Math.Log(2))], [Noise.Normal(0, position => least[position])], 1e-12);
    }

    [Fact]
    public void Words_are_those_of_the_library()
    {
        uint[] counter = [5, 6, 7, 8], key = [9, 10];
        (uint w0, uint w1, uint w2, uint w3) = Philox.Block((5, 6, 7, 8), (9, 10));
        Assert.Equal([w0, w1, w2, w3], RandomWords.Block(counter, key));
    }
}

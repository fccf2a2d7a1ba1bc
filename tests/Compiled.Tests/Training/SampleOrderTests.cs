namespace Compiled.Tests;

public sealed class SampleOrderTests
{
    [Fact]
    public void Each_pass_visits_every_sample_once()
    {
        foreach (int count in (int[])[1, 2, 7, 100])
        {
            foreach (int batchSize in (int[])[1, 3, 7, 100, 1000])
            {
                foreach (bool shuffle in (bool[])[false, true])
                {
                    var order = new SampleOrder(count, batchSize, shuffle, seed: 4);
                    for (int pass = 0; pass < 4; pass++)
                        Assert.Equal(Enumerable.Range(0, count), Batches(order, order.BatchesPerPass).SelectMany(batch => batch).Order());
                }
            }
        }
    }

    [Fact]
    public void Orders_differ_by_pass_and_by_seed()
    {
        HashSet<string> seen = [];
        foreach (ulong seed in (ulong[])[0, 1, ulong.MaxValue])
        {
            var order = new SampleOrder(50, 50, shuffle: true, seed);
            for (int pass = 0; pass < 20; pass++)
                Assert.True(seen.Add(string.Join(' ', order.Next().ToArray())));
        }
    }

    [Fact]
    public void Seeking_is_walking()
    {
        foreach ((int count, int batchSize) in ((int, int)[])[(1, 1), (10, 3), (12, 4), (5, 8)])
        {
            int[][] walked = Batches(new SampleOrder(count, batchSize, shuffle: true, seed: 9), 20);
            for (int batch = 0; batch < 16; batch++)
            {
                var order = new SampleOrder(count, batchSize, shuffle: true, seed: 9);
                order.Seek(batch);
                Assert.Equal(walked[batch..(batch + 4)], Batches(order, 4));
            }
        }
    }

    [Fact]
    public void Far_passes_are_reached_at_once()
    {
        var order = new SampleOrder(6, 6, shuffle: true, seed: 9);
        order.Seek(3L << 40);
        Assert.Equal(Enumerable.Range(0, 6), order.Next().ToArray().Order());
    }

    [Fact]
    public void Every_place_is_as_likely_as_another()
    {
        const int Count = 5, Passes = 10_000;
        int[,] seen = new int[Count, Count];
        var order = new SampleOrder(Count, Count, shuffle: true, seed: 2);
        for (int pass = 0; pass < Passes; pass++)
        {
            ReadOnlySpan<int> samples = order.Next();
            for (int place = 0; place < Count; place++)
                seen[samples[place], place]++;
        }

        // Six standard deviations of a binomial distribution.
        double expected = (double)Passes / Count, limit = 6 * Math.Sqrt(expected * (1 - 1.0 / Count));
        Assert.All(seen.Cast<int>(), times => Assert.InRange(times, expected - limit, expected + limit));
    }

    private static int[][] Batches(SampleOrder order, int count) => [.. Enumerable.Range(0, count).Select(_ => order.Next().ToArray())];
}

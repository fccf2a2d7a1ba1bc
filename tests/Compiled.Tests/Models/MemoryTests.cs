using Compiled.Generators;
using CsCheck;

namespace Compiled.Tests;

/// <summary>A model takes the memory that its plan says, and gives it back.</summary>
public sealed class MemoryTests
{
    /// <summary>A buffer with its first and last use in a pass.</summary>
    private sealed record Buffer(long Bytes, int First, int Last, int Pass);

    private static readonly Gen<Buffer> Buffers =
        from bytes in Gen.OneOf(Gen.Long[1, 300], Gen.Long[1, 100_000])
        from first in Gen.Int[-1, 20]
        from length in Gen.Int[0, 12]
        from pass in Gen.Int[0, 1]
        select new Buffer(bytes, first, first + length, pass);

    [Fact]
    public void An_arena_is_as_large_as_the_plan_says()
    {
        using var device = Device.Cpu(1);
        foreach (int batchSize in (int[])[1, 3, 32])
        {
            using var net = new SmallNet(device, batchSize);
            Assert.Equal((2 * net.Plan.ParameterBytes) + (batchSize * net.Plan.ValueBytesPerSample) + 128, net.ArenaBytes);
            Assert.Equal(net.ArenaBytes, device.BufferBytes);
        }

        Assert.Equal(0, device.BufferBytes);
    }

    [Fact]
    public void Folded_weights_take_no_memory_of_their_own_in_a_batch_that_has_room_for_them()
    {
        using var device = Device.Cpu(1);
        foreach (int batchSize in FoldedWeightsTests.BatchSizes)
        {
            using var net = new FoldingNet(device, batchSize);
            long own = batchSize == FoldedWeightsTests.BatchSizes[0] ? net.Plan.FoldedBytes : 0;
            Assert.NotEqual(0, net.Plan.FoldedBytes);
            Assert.Equal((2 * net.Plan.ParameterBytes) + own + (batchSize * net.Plan.ValueBytesPerSample) + 128, net.ArenaBytes);
        }
    }

    [Fact]
    public void An_optimizer_adds_what_it_keeps_until_another_comes()
    {
        using var device = Device.Cpu(1);
        using var net = new SmallNet(device, batchSize: 2);
        void Train(Optimizer optimizer) => net.TrainOnBatch(new float[9 * 8 * 3], (int[])[0], optimizer);

        Train(new SGD());
        Assert.Equal(net.ArenaBytes, device.BufferBytes);
        Train(new Adam());
        Assert.Equal(net.ArenaBytes + (2 * net.Plan.ParameterBytes), device.BufferBytes);
        Train(new SGD(0.1, momentum: 0.5));
        Assert.Equal(net.ArenaBytes + net.Plan.ParameterBytes, device.BufferBytes);
        Train(new Adam(amsgrad: true) { UseEma = true });
        Assert.Equal(net.ArenaBytes + (4 * net.Plan.ParameterBytes), device.BufferBytes);
        Train(new SGD { UseEma = true });
        Assert.Equal(net.ArenaBytes + net.Plan.ParameterBytes, device.BufferBytes);
    }

    [Fact]
    public void Weights_take_whole_cache_lines_and_nothing_more()
    {
        using var net = new SmallNet(batchSize: 1);
        long end = 0;
        foreach (ParameterPlan weight in net.Plan.Parameters)
        {
            Assert.Equal(end, weight.Offset);
            end += (weight.Count * sizeof(float) + 63) / 64 * 64;
        }

        Assert.Equal(end, net.Plan.ParameterBytes);
    }

    [Fact]
    public void Two_hundred_models_leave_nothing_behind()
    {
        using var device = Device.Cpu(2);
        for (int i = 0; i < 200; i++)
        {
            using var net = new SmallNet(device, batchSize: 1 + (i % 5));
            if (i % 3 == 0)
                net.TrainOnBatch(new float[9 * 8 * 3], (int[])[0], new Adam());
            Assert.True(device.BufferBytes >= net.ArenaBytes);
        }

        Assert.Equal(0, device.BufferBytes);
    }

    [Fact]
    public void Buffers_that_are_alive_at_once_never_overlap() => Buffers.Array[0, 40].Sample(
        buffers =>
        {
            (long[] offsets, long size) = Place(buffers);
            for (int i = 0; i < buffers.Length; i++)
            {
                Assert.Equal(0, offsets[i] % 64);
                Assert.InRange(offsets[i], 0, size - buffers[i].Bytes);
                for (int j = 0; j < i; j++)
                {
                    bool aliveAtOnce = buffers[i].Pass == buffers[j].Pass && buffers[i].First <= buffers[j].Last && buffers[j].First <= buffers[i].Last;
                    bool apart = offsets[i] + buffers[i].Bytes <= offsets[j] || offsets[j] + buffers[j].Bytes <= offsets[i];
                    Assert.True(apart || !aliveAtOnce, $"buffers {i} and {j} lie at {offsets[i]} and {offsets[j]}");
                }
            }
        },
        300);

    [Fact]
    public void An_arena_is_no_larger_than_it_has_to_be() => Buffers.Array[1, 40].Sample(
        buffers =>
        {
            (_, long size) = Place(buffers);
            long[] bytes = [.. buffers.Select(buffer => MemoryPlanner.Align(buffer.Bytes))];
            // What is alive at the busiest time has to be there; what is never alive at once with another need not take room of its own.
            long busiest = buffers.Max(at => buffers
                .Where(buffer => buffer.Pass == at.Pass && buffer.First <= at.First && at.First <= buffer.Last)
                .Sum(buffer => MemoryPlanner.Align(buffer.Bytes)));
            Assert.InRange(size, busiest, bytes.Sum());
            (_, long inTurn) = Place([.. buffers.Select((buffer, i) => buffer with { First = i, Last = i, Pass = 0 })]);
            Assert.Equal(bytes.Max(), inTurn);
        },
        300);

    [Fact]
    public void A_gap_is_the_largest_part_in_which_nothing_lies() => Gen.Select(Gen.Int[0, 5], Gen.Int[1, 9]).Array[0, 8].Sample(
        pairs =>
        {
            const int Lines = 16;
            Life[] buffers = [.. pairs.Select(pair => new Life((64 * pair.Item1) + 1) { Offset = 64 * pair.Item2 })];
            bool[] taken = [.. Enumerable.Range(0, Lines).Select(line => buffers.Any(
                buffer => buffer.Offset / 64 <= line && line * 64 < buffer.Offset + buffer.Bytes))];
            IEnumerable<Gap> all =
                from first in Enumerable.Range(0, Lines)
                from lines in Enumerable.Range(1, Lines - first)
                where !taken.Skip(first).Take(lines).Contains(true)
                select new Gap(64 * first, 64 * lines);
            Assert.Equal(all.OrderByDescending(gap => gap.Bytes).ThenBy(gap => gap.Offset).First(), Gap.Largest(buffers, 64 * Lines));
        },
        500);

    private static (long[] Offsets, long Size) Place(Buffer[] buffers)
    {
        var planner = new MemoryPlanner();
        object[] passes = [new(), new()];
        for (int i = 0; i < buffers.Length; i++)
        {
            var life = new Life(buffers[i].Bytes);
            life.Use(passes[buffers[i].Pass], buffers[i].First);
            life.Use(passes[buffers[i].Pass], buffers[i].Last);
            Assert.Equal(i, planner.Add(life));
        }

        return planner.Place();
    }
}

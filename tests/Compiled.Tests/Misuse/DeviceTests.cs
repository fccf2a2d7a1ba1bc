namespace Compiled.Tests;

public sealed class DeviceTests
{
    private static IEnumerable<InstructionSet> Sets => Target.Processors.Select(target => target.InstructionSet);

    [Theory]
    [InlineData(-1)]
    [InlineData(1025)]
    [InlineData(int.MaxValue)]
    public void The_number_of_threads_is_bounded(int threads) => Assert.Throws<ArgumentOutOfRangeException>(() => Device.Cpu(threads));

    [Theory]
    [InlineData(-1)]
    [InlineData(5)]
    [InlineData(int.MaxValue)]
    public void An_instruction_set_that_is_none_is_refused(int value)
    {
        var fault = Assert.Throws<CompiledException>(() => Device.Cpu(1, (InstructionSet)value));
        Assert.Equal(CompiledStatus.InvalidArgument, fault.Status);
        Assert.Contains($"instruction_set is {value}", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_instruction_set_that_is_not_here_is_refused_with_one_that_is()
    {
        foreach (InstructionSet set in Enum.GetValues<InstructionSet>().Except(Sets).Except([InstructionSet.Best]))
        {
            var fault = Assert.Throws<CompiledException>(() => Device.Cpu(1, set));
            Assert.Equal(CompiledStatus.Unsupported, fault.Status);
            Assert.Contains("use CN_INSTRUCTION_SET_BEST, here ", fault.Message, StringComparison.Ordinal);
        }

        foreach (InstructionSet set in Sets)
        {
            using var device = Device.Cpu(1, set);
            Assert.Equal((set, 1), (device.InstructionSet, device.Threads));
        }
    }

    [Fact]
    public void A_device_says_what_it_is_and_what_its_models_take()
    {
        using var device = Device.Cpu(threads: 3);
        Assert.EndsWith("3 threads", device.Name, StringComparison.Ordinal);
        Assert.NotEqual(InstructionSet.Best, device.InstructionSet);
        Assert.Equal(0, device.BufferBytes);
        using (var net = new ThreeShapes(device, batchSize: 8))
        {
            Assert.Equal(net.ArenaBytes, device.BufferBytes);
            net.Fit(Samples.Shapes(8), new Adam());
            Assert.Equal(net.ArenaBytes + 2 * net.Plan.ParameterBytes, device.BufferBytes);
            net.Fit(Samples.Shapes(8), new SGD());
            Assert.Equal(net.ArenaBytes, device.BufferBytes);
        }

        Assert.Equal(0, device.BufferBytes);
        Assert.Contains(Device.Default.Name, Device.Explain(), StringComparison.Ordinal);
    }
}

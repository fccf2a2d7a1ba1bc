using Compiled.Interop;

namespace Compiled.Tests;

/// <summary>Updates that fail: nobody knows how far the device has come, so what it has counted is not to be trusted.</summary>
public sealed class FailedUpdateTests
{
    [Fact]
    public void After_an_update_that_failed_the_state_is_sent_anew()
    {
        using var net = new WatchedState(Device.Cpu(1), batchSize: 1);
        var fails = new FailingOptimizer();
        Assert.Throws<CompiledException>(() => net.ApplyGradients(fails));
        net.OnDevice.learning_rate = 5;
        net.OnDevice.updates = 7;
        Assert.Throws<CompiledException>(() => net.ApplyGradients(fails));
        Assert.Equal((fails.LearningRate, 0ul), (net.OnDevice.learning_rate, net.OnDevice.updates));
    }

    /// <summary>Asks for a momentum that has no place.</summary>
    private sealed class FailingOptimizer() : Optimizer(0.25)
    {
        internal override int SlotCount => 0;

        internal override cn_optimizer_desc Rule =>
            new() { optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_SGD, momentum = 0.5 };
    }
}

/// <summary>Shows its state where the host can address it.</summary>
[Model]
[Input(5)]
[Dense(3), MeanSquaredError]
public sealed partial class WatchedState
{
    /// <summary>What the ops read.</summary>
    internal unsafe ref cn_state OnDevice => ref *(cn_state*)State;
}

namespace Compiled.Tests;

/// <summary>Passes that cannot be recorded, or cannot be run.</summary>
public sealed class RecordedPassTests
{
    public RecordedPassTests() => Assert.SkipUnless(Target.HasCuda || CudaTests.IsNamed, "There is no CUDA device here.");

    [Fact]
    public void What_cannot_be_recorded_runs_op_by_op_for_good()
    {
        using Device device = Device.Cuda();
        int calls = 0;
        using var pass = new RecordedPass(device, device.Context, () =>
        {
            calls++;
            device.Synchronize(); // has no place in a recording
        });
        for (int run = 0; run < 4; run++)
            pass.Run(basis: null, weights: null);
        Assert.Equal(1 + 2 + 1 + 1, calls);
        Assert.Equal(0, pass.Kernels);

        using var net = new ThreeClasses(device, batchSize: 1); // The recording that failed is over.
        var optimizer = new SGD();
        for (int step = 0; step < 2; step++)
            net.TrainOnBatch(Samples.Inputs(1, 1, 5), [2], optimizer);
        Assert.NotEqual(0, net.KernelsPerStep);
    }

    [Fact]
    public void A_run_that_fails_says_so()
    {
        using Device device = Device.Cuda();
        int calls = 0;
        using var pass = new RecordedPass(device, device.Context, () =>
        {
            if (++calls > 1)
                throw new CompiledException(CompiledStatus.OutOfMemory, $"call {calls}");
        });
        pass.Run(basis: null, weights: null);
        Assert.Equal("call 3", Assert.Throws<CompiledException>(() => pass.Run(basis: null, weights: null)).Message);
        Assert.Equal("call 4", Assert.Throws<CompiledException>(() => pass.Run(basis: null, weights: null)).Message);
    }
}

namespace Compiled.Misuse;

/// <summary>Disposing what another thread is using.</summary>
internal static class Lifetimes
{
    public static void DisposeWhileTraining()
    {
        using var device = Device.Cpu(threads: 2);
        for (int round = 0; round < 200; round++)
        {
            var net = new Net(device, Net.Batch);
            using var started = new ManualResetEventSlim();
            Expect.Together(
                () =>
                {
                    started.Set();
                    Expect.Throws<ObjectDisposedException>(() => net.Fit(Net.Data, new Adam(), epochs: int.MaxValue, validation: Net.Data));
                },
                () => Dispose(net, started, round),
                () => Dispose(net, started, round));
            Expect.Throws<ObjectDisposedException>(() => net.Evaluate(Net.Data));
        }

        Expect.That(device.BufferBytes == 0, "all memory to be freed");
    }

    public static void DisposeWhileReading()
    {
        using var device = Device.Cpu(threads: 1);
        for (int round = 0; round < 300; round++)
        {
            var net = new Net(device, Net.Batch);
            using var started = new ManualResetEventSlim();
            Expect.Together(
                () =>
                {
                    started.Set();
                    Expect.Throws<ObjectDisposedException>(() =>
                    {
                        while (net.Step == 0 && device.BufferBytes >= 0)
                        {
                        }
                    });
                },
                () => Dispose(net, started, round));
        }
    }

    public static void DisposeDeviceWhileCreating()
    {
        for (int round = 0; round < 300; round++)
        {
            var device = Device.Cpu(threads: 1);
            using var started = new ManualResetEventSlim();
            Expect.Together(
                () =>
                {
                    started.Set();
                    Expect.Throws<ObjectDisposedException>(() =>
                    {
                        while (true)
                        {
                            using var net = new Net(device, Net.Batch);
                            net.TrainOnBatch(Net.Inputs, Net.ClassIds, new SGD());
                            device.Synchronize();
                            _ = device.ScratchBytes;
                        }
                    });
                },
                () =>
                {
                    started.Wait();
                    Thread.SpinWait(round * 50);
                    device.Dispose();
                });
        }
    }

    private static void Dispose(Net net, ManualResetEventSlim started, int round)
    {
        started.Wait();
        Thread.SpinWait(round * 20);
        net.Dispose();
    }
}

using System.Runtime.CompilerServices;

namespace Compiled.Misuse;

/// <summary>Models that nobody disposes.</summary>
internal static class Finalizers
{
    private const int Models = 3000;

    public static void Storm()
    {
        using var device = Device.Cpu(threads: 2);
        using var live = new Net(device, Net.Batch);
        live.TrainOnBatch(Net.Inputs, Net.ClassIds, new SGD());
        long before = device.BufferBytes;
        bool done = false;
        Expect.Together(
            () =>
            {
                // A model of the same device that is used all the time must notice nothing of it.
                while (!Volatile.Read(ref done))
                    live.TrainOnBatch(Net.Inputs, Net.ClassIds, new SGD());
            },
            () =>
            {
                try
                {
                    for (int i = 0; i < Models; i++)
                    {
                        Abandon(device, i);
                        if (i % 20 == 0)
                            GC.Collect();
                    }
                }
                finally
                {
                    Volatile.Write(ref done, true);
                }
            });

        for (int i = 0; i < 3 && device.BufferBytes != before; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Expect.That(device.BufferBytes == before, $"the abandoned models to be freed: {device.BufferBytes} instead of {before}");
        AbandonDevices();
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Abandon(Device device, int i)
    {
        var net = new Net(device, Net.Batch);
        if (i % 3 == 0)
            net.TrainOnBatch(Net.Inputs, Net.ClassIds, new Adam());
        if (i % 5 == 0)
            net.Dispose();
    }

    /// <summary>Device and model become garbage together: their finalizers run in any order.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AbandonDevices()
    {
        for (int i = 0; i < 100; i++)
            new Net(Device.Cpu(threads: 2), Net.Batch).TrainOnBatch(Net.Inputs, Net.ClassIds, new Adam());
    }
}

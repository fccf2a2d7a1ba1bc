using System.Globalization;

namespace Compiled.Misuse;

/// <summary>More memory than there is.</summary>
internal static class Memory
{
    public static void Exhaust()
    {
        using var device = Device.Cpu(threads: 2);
        for (int round = 0; round < 20; round++)
        {
            var fault = Expect.Throws<CompiledException>(
                () => _ = new Net(device, int.MaxValue), "'Net' needs ", " bytes", "2,147,483,647", "Use a smaller batch size.");
            Expect.That(fault.Status == CompiledStatus.OutOfMemory, "the status of short memory");
            string bytes = fault.Message.Split(' ')[2];
            Expect.That(
                long.Parse(bytes, NumberStyles.AllowThousands, CultureInfo.CurrentCulture) > 1L << 40, $"the bytes to be named: {bytes}");
            using var net = new Net(device, Net.Batch);
            net.Fit(Net.Data, new Adam());
        }

        Expect.That(device.BufferBytes == 0, "nothing to be kept");
    }

    /// <summary>On a GPU with little memory: larger and larger batches, for which sooner or later everything fails.</summary>
    public static void ExhaustGpu()
    {
        using var device = Device.Cuda();
        long free = device.FreeMemoryBytes;
        var reasons = new HashSet<string>();
        for (int batch = 1; batch < free; batch += 1 + (batch / 20))
        {
            try
            {
                using var net = new Net(device, batch);
                net.TrainOnBatch(Net.Inputs, Net.ClassIds.AsSpan(0, Net.Batch), new Adam());
            }
            catch (ArgumentException) when (batch < Net.Batch)
            {
            }
            catch (CompiledException fault) when (fault.Status == CompiledStatus.OutOfMemory)
            {
                reasons.Add(fault.Message.Split(' ')[0]);
            }

            Expect.That(device.BufferBytes == 0, $"no buffer to be kept at a batch of {batch}: {device.BufferBytes}");
            long lost = free - device.FreeMemoryBytes - device.ScratchBytes;
            Expect.That(lost == 0, $"no memory to be lost at a batch of {batch}: {lost}");
        }

        Expect.That(reasons.Contains("'Net'") && reasons.Count > 1, $"several kinds of memory to fail: {string.Join(", ", reasons)}");
    }
}

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
}

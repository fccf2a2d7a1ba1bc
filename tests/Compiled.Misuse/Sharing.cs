namespace Compiled.Misuse;

/// <summary>Several threads on one model, where all but one are refused, and on one device, where none is.</summary>
internal static class Sharing
{
    public static void ThreadsOnOneModel()
    {
        using var net = new Net(batchSize: Net.Batch);
        var optimizer = new Adam();
        int trained = 0, refused = 0;
        void Train()
        {
            for (int i = 0; i < 2000; i++)
            {
                try
                {
                    net.TrainOnBatch(Net.Inputs, Net.ClassIds, optimizer);
                    Interlocked.Increment(ref trained);
                }
                catch (InvalidOperationException fault) when (fault.Message.Contains("in use on another thread", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref refused);
                }
            }
        }

        Expect.Together(Train, Train, Train, Train);
        Expect.That(trained + refused == 8000 && trained > 0, $"each to be trained or refused: {trained} and {refused}");
        Expect.That(net.Step == trained, $"as many updates as were not refused: {net.Step} of {trained}");
    }

    public static void ModelsOnOneDevice()
    {
        using var device = Device.Cpu(threads: 2);
        float[] expected = Train(device);
        void Many()
        {
            for (int i = 0; i < 100; i++)
                Expect.That(Train(device).SequenceEqual(expected), "the weights of a model that is alone");
        }

        Expect.Together(Many, Many, Many);
        Expect.That(device.BufferBytes == 0, "all memory to be freed");
    }

    private static float[] Train(Device device)
    {
        using var net = new Net(device, Net.Batch, seed: 3);
        net.Fit(Net.Data, new Adam(), epochs: 5, validation: Net.Data);
        return [.. net.Weights.SelectMany(weight => weight.Span.ToArray())];
    }
}

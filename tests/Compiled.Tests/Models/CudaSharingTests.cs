namespace Compiled.Tests;

/// <summary>One CUDA device in the hands of several threads, while one of them records a graph.</summary>
public sealed class CudaSharingTests
{
    private const int Batch = 32; // large enough that samples cross on a stream of their own

    /// <summary>For the other thread to come while this one records; the test passes where it is late.</summary>
    private static readonly TimeSpan Head = TimeSpan.FromMilliseconds(100);

    public CudaSharingTests() => Assert.SkipUnless(Target.HasCuda || CudaTests.IsNamed, "There is no CUDA device here.");

    public static TheoryData<string> Uses { get; } =
        ["make a model", "train", "predict", "fit", "read weights", "write weights", "save", "synchronize", "free a model"];

    [Theory]
    [MemberData(nameof(Uses))]
    public void A_recording_is_neither_refused_to_other_threads_nor_spoilt_by_them(string what)
    {
        using Device device = Device.Cuda();
        using var folder = new TemporaryFolder();
        using var net = new SmallNet(device, Batch);
        ArrayDataset data = SmallNet.Samples(Batch);
        (float[] inputs, _) = Samples.All(data);
        int[] classIds = new int[Batch];
        net.TrainOnBatch(inputs, classIds, new SGD());
        Action use = what switch
        {
            "make a model" => () => new SmallNet(device, 2 * Batch).Dispose(),
            "train" => () => net.TrainOnBatch(inputs, classIds, new Adam()),
            "predict" => () => net.Predict(data),
            "fit" => () => net.Fit(data, new Adam(), epochs: 2, validation: data),
            "read weights" => () => Samples.Weights(net),
            "write weights" => WriteWeights,
            "save" => () => net.SaveWeights(folder["weights"]),
            "synchronize" => device.Synchronize,
            _ => net.Dispose,
        };
        void WriteWeights()
        {
            net.Weights[0].Span[0] = 1;
            net.TestOnBatch(inputs, classIds);
        }

        Exception? fault = null;
        var other = new Thread(() => fault = Record.Exception(use));
        int runs = 0;
        using var pass = new RecordedPass(device, device.Context, () =>
        {
            if (++runs != 2)
                return;
            other.Start();
            other.Join(Head); // It ends, or waits for the recording to end.
        });
        lock (device.Gate) // as models do
        {
            pass.Run(basis: null, weights: null);
            pass.Run(basis: null, weights: null); // records
        }

        other.Join();
        Assert.Equal(2, runs);
        Assert.Null(fault);
    }

    [Fact]
    public void A_model_is_trained_on_a_device_that_is_disposed()
    {
        float[] Fit(bool dispose)
        {
            using Device device = Device.Cuda();
            using var net = new ThreeClasses(device, batchSize: 3);
            if (dispose)
                device.Dispose();
            net.Fit(Samples.Classes(7), new Adam(), epochs: 2, validation: Samples.Classes(4));
            return Samples.Weights(net);
        }

        Compare.Same("weights", Fit(dispose: false), Fit(dispose: true));
    }
}

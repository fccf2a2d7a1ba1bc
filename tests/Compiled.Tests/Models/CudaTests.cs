using Compiled.Examples;

namespace Compiled.Tests;

/// <summary>Models on a GPU, as a rule simulated: what is there beside the numbers of the layers.</summary>
public sealed class CudaTests
{
    public CudaTests() => Assert.SkipUnless(Target.HasCuda || IsNamed, "There is no CUDA device here.");

    /// <summary>Where a library is named, skipping all these tests would be a mistake.</summary>
    public static bool IsNamed => Environment.GetEnvironmentVariable("COMPILED_CUDA_LIBRARY") is { Length: > 0 };

    [Fact]
    public void The_device_says_what_it_is()
    {
        using Device device = Device.Cuda();
        Assert.Equal(DeviceKind.Cuda, device.Kind);
        Assert.Contains("compute capability", device.Name, StringComparison.Ordinal);
        Assert.InRange(device.FreeMemoryBytes, 1, device.TotalMemoryBytes);
        using var net = new SmallNet(device, batchSize: 4);
        Assert.InRange(device.BufferBytes, net.ArenaBytes, 2 * net.ArenaBytes);
        device.Synchronize();
    }

    [Fact]
    public void A_GPU_that_is_not_there_is_refused_with_the_number_of_those_that_are()
    {
        var fault = Assert.Throws<CompiledException>(() => Device.Cuda(1000));
        Assert.Equal(CompiledStatus.Unsupported, fault.Status);
        Assert.Contains("ordinal is 1000: this machine has ", fault.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Device.Cuda(-1));
    }

    /// <summary>The first step runs op by op, the second is recorded, all further ones are one call.</summary>
    [Fact]
    [NotSanitized(NotSanitizedAttribute.Large)]
    public void A_step_of_the_cifar_network_launches_at_most_17_kernels()
    {
        long Kernels(Func<Device, Model> make)
        {
            using Device device = Device.Cuda();
            using Model net = make(device);
            var adam = new Adam();
            float[] inputs = Draw.Reals(1, 1, 32, 32, 3).ToFloats();
            Assert.Equal(0, net.KernelsPerStep);
            net.TrainOnBatch(inputs, [3], adam);
            Assert.Equal(0, net.KernelsPerStep);
            net.TrainOnBatch(inputs, [3], adam);
            return net.KernelsPerStep;
        }

        long fused = Kernels(device => new Cifar10Net(device, batchSize: 1)), unfused = Kernels(device => new UnfusedCifar10Net(device, batchSize: 1));
        Assert.InRange(fused, 10, 17);
        Assert.InRange(unfused, fused + 10, 60);
    }

    [Fact]
    public void A_step_in_one_call_gives_the_bits_of_one_in_two()
    {
        (float[] inputs, float[] targets) = Samples.All(SmallNet.Samples(12));
        int[] classIds = [.. Enumerable.Range(0, 12).Select(i => Array.IndexOf(targets[(i * 5)..((i * 5) + 5)], 1f))];
        float[] Train(bool atOnce)
        {
            using Device device = Device.Cuda();
            using var net = new SmallNet(device, batchSize: 4);
            var momentum = new SGD(0.1, 0.9);
            for (int step = 0; step < 6; step++)
            {
                int rows = step == 3 ? 2 : 4;
                momentum.LearningRate = step < 4 ? 0.1 : 0.01;
                Span<float> batch = inputs.AsSpan(step % 3 * 4 * 216, rows * 216);
                if (atOnce)
                {
                    net.TrainOnBatch(batch, classIds.AsSpan(step % 3 * 4, rows), momentum);
                    continue;
                }

                net.ComputeGradients(batch, classIds.AsSpan(step % 3 * 4, rows));
                net.ApplyGradients(momentum);
            }

            Assert.Equal(6, net.Step);
            return Samples.Weights(net);
        }

        Compare.Same("weights", Train(atOnce: false), Train(atOnce: true));
    }

    [Fact]
    public void Weights_are_read_and_written_through_their_spans()
    {
        using Device device = Device.Cuda();
        using var net = new ThreeClasses(device, batchSize: 2);
        using var twin = new ThreeClasses(Device.Cpu(1), batchSize: 2);
        float[] inputs = Samples.Inputs(2, 1, 5), predictions = new float[6], expected = new float[6];
        foreach (Model model in (Model[])[net, twin])
        {
            foreach (Weight weight in model.Weights)
            {
                Span<float> values = weight.Span;
                for (int i = 0; i < values.Length; i++)
                    values[i] = (i % 7 - 3) / 8f;
            }
        }

        Compare.Same("weights", Samples.Weights(twin), Samples.Weights(net));
        net.PredictOnBatch(inputs, predictions);
        twin.PredictOnBatch(inputs, expected);
        Compare.Close("predictions", Compare.Widen(expected), predictions, 1e-6, 1e-7);

        net.ComputeGradients(inputs, [0, 2]);
        net.Weights[0].Gradient.Clear();
        float[] before = net.Weights[0].Span.ToArray(), others = net.Weights[1].Span.ToArray();
        net.ApplyGradients(new SGD(1));
        Compare.Same("weights without a gradient", before, net.Weights[0].Span.ToArray());
        Assert.NotEqual(others, net.Weights[1].Span.ToArray());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_data_set_on_the_device_gives_the_bits_of_one_that_is_fed(bool bytes)
    {
        byte[] pixels = [.. Enumerable.Range(0, 29 * 216).Select(i => (byte)(i * 37 % 251))];
        float[] floats = [.. pixels.Select(pixel => pixel * (1 / 255f))];
        int[] classIds = Samples.ClassIds(29, seed: 3, classes: 5);
        ArrayDataset resident = bytes ? new ArrayDataset(pixels, [9, 8, 3], classIds, 5) : new ArrayDataset(floats, [9, 8, 3], classIds, 5);
        (float[] Weights, double[] Losses) Fit(Dataset data)
        {
            using Device device = Device.Cuda();
            using var net = new SmallNet(device, batchSize: 8);
            History history = net.Fit(data, new Adam(0.01), epochs: 3, validation: data);
            return (Samples.Weights(net), [.. history["loss"], .. history["val_loss"]]);
        }

        (float[] weights, double[] losses) = Fit(new WatchedDataset(resident));
        (float[] again, double[] lossesAgain) = Fit(resident);
        Compare.Same("weights", weights, again);
        Assert.Equal(losses, lossesAgain);
    }

    [Fact]
    public void A_class_number_that_was_changed_to_none_is_refused()
    {
        int[] classIds = [0, 1, 2, 0];
        var data = new ArrayDataset(Samples.Inputs(4, 1, 5), [5], classIds, 3);
        using Device device = Device.Cuda();
        using var net = new ThreeClasses(device, batchSize: 2);
        classIds[3] = 3;
        Assert.Throws<InvalidOperationException>(() => net.Fit(data, new SGD()));
    }

    [Fact]
    public void Class_numbers_become_one_hot_on_the_device()
    {
        ArrayDataset classes = Samples.Classes(7);
        float[] Fit(Dataset data)
        {
            using Device device = Device.Cuda();
            using var net = new ThreeClasses(device, batchSize: 3);
            net.Fit(data, new SGD(0.1), epochs: 2);
            return Samples.Weights(net);
        }

        Compare.Same("weights", Fit(new WatchedDataset(classes)), Fit(classes));
    }

    [Fact]
    public void A_callback_may_train_with_another_optimizer()
    {
        using Device device = Device.Cuda();
        using var net = new ThreeClasses(device, batchSize: 3);
        using var fed = new ThreeClasses(device, batchSize: 3);
        ArrayDataset data = Samples.Classes(9);
        foreach ((Model model, Dataset source) in ((Model, Dataset)[])[(net, data), (fed, new WatchedDataset(data))])
        {
            var other = new Recorder("other", [], (trained, _) =>
            {
                trained.TrainOnBatch(Samples.Inputs(1, 5, 5), (int[])[1], new SGD(0.5));
                return false;
            });
            model.Fit(source, new Adam(0.1), epochs: 3, callbacks: [other]);
        }

        Compare.Same("weights", Samples.Weights(fed), Samples.Weights(net));
    }

    /// <summary>Tolerances are those of the formats, for a product of the stages: 2⁻¹¹ and 2⁻⁸ of each factor.</summary>
    [Theory]
    [InlineData(Precision.TF32, 5e-3)]
    [InlineData(Precision.BFloat16, 4e-2)]
    public void Products_are_as_exact_as_the_model_says(Precision precision, double tolerance)
    {
        float[] inputs = Draw.Reals(3, 6, 9, 8, 3).ToFloats();
        int[] classIds = [0, 4, 2, 3, 1, 1];
        (double Loss, float[][] Gradients) Run(Func<Device, Model> make, Device device)
        {
            using (device)
            {
                using Model net = make(device);
                BatchResult result = net.ComputeGradients(inputs, classIds);
                return (result.Loss, [.. net.Weights.Select(weight => weight.Gradient.ToArray())]);
            }
        }

        Func<Device, Model> exact = device => new SmoothNet(device, batchSize: 6);
        Func<Device, Model> rounded = precision == Precision.TF32
            ? device => new SmoothNetInTF32(device, batchSize: 6) : device => new SmoothNetInBFloat16(device, batchSize: 6);
        (double loss, float[][] gradients) = Run(exact, Device.Cuda());
        (double roundedLoss, float[][] roundedGradients) = Run(rounded, Device.Cuda());
        Assert.NotEqual(loss, roundedLoss);
        Assert.InRange(roundedLoss, loss * (1 - tolerance), loss * (1 + tolerance));
        for (int i = 0; i < gradients.Length; i++)
        {
            float largest = gradients[i].Max(Math.Abs);
            Assert.All(gradients[i].Zip(roundedGradients[i]), pair => Assert.InRange(pair.Second - pair.First, -tolerance * largest, tolerance * largest));
        }

        // The CPU has float32 alone.
        (double cpuLoss, float[][] cpuGradients) = Run(exact, Device.Cpu(1));
        (double cpuRoundedLoss, float[][] cpuRoundedGradients) = Run(rounded, Device.Cpu(1));
        Assert.Equal(cpuLoss, cpuRoundedLoss);
        Assert.Equal(cpuGradients, cpuRoundedGradients);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        using Device device = Device.Cuda();
        using var net = new ThreeClasses(device, batchSize: 3);
        var adam = new Adam();
        float[] inputs = Samples.Inputs(3, 1, 5);
        int[] classIds = [0, 1, 2];
        for (int step = 0; step < 3; step++)
            net.TrainOnBatch(inputs, classIds, adam);
        Assert.Equal(0, Allocations.Fewest(() => net.TrainOnBatch(inputs, classIds, adam), times: 20));
    }

    [Fact]
    public void Files_go_from_one_device_to_the_other()
    {
        using var folder = new TemporaryFolder();
        using Device device = Device.Cuda();
        using var net = new SmallNet(device, batchSize: 2, seed: 1);
        using var twin = new SmallNet(Device.Cpu(1), batchSize: 2, seed: 2);
        net.Dense1.Kernel.Span[3] = 0.75f;
        net.SaveWeights(folder["weights"]);
        twin.LoadWeights(folder["weights"]);
        Assert.Equal(0.75f, twin.Dense1.Kernel.Span[3]);
        Compare.Same("weights", Samples.Weights(net), Samples.Weights(twin));
        twin.Dense1.Kernel.Span[4] = -0.5f;
        twin.SaveWeights(folder["weights"]);
        net.LoadWeights(folder["weights"]);
        Compare.Same("weights", Samples.Weights(twin), Samples.Weights(net));
    }
}

/// <summary>Without maxima or thresholds, which rounding could decide otherwise.</summary>
[Model]
[Input(9, 8, 3)]
[Conv2D(8, 3, Padding = Padding.Same), Tanh]
[Conv2D(16, 3), Sigmoid, Dropout(0.25)]
[Conv2D(5, 2, Strides = 2), Tanh]
[Flatten, Dense(19), Sigmoid]
[Dense(5), Softmax, SparseCategoricalCrossentropy]
public sealed partial class SmoothNet;

/// <summary>The same in TF32.</summary>
[Model(Precision = Precision.TF32)]
[Input(9, 8, 3)]
[Conv2D(8, 3, Padding = Padding.Same), Tanh]
[Conv2D(16, 3), Sigmoid, Dropout(0.25)]
[Conv2D(5, 2, Strides = 2), Tanh]
[Flatten, Dense(19), Sigmoid]
[Dense(5), Softmax, SparseCategoricalCrossentropy]
public sealed partial class SmoothNetInTF32;

/// <summary>The same in bfloat16.</summary>
[Model(Precision = Precision.BFloat16)]
[Input(9, 8, 3)]
[Conv2D(8, 3, Padding = Padding.Same), Tanh]
[Conv2D(16, 3), Sigmoid, Dropout(0.25)]
[Conv2D(5, 2, Strides = 2), Tanh]
[Flatten, Dense(19), Sigmoid]
[Dense(5), Softmax, SparseCategoricalCrossentropy]
public sealed partial class SmoothNetInBFloat16;

using System.Reflection;

namespace Compiled.Tests;

/// <summary>Models and devices that are disposed: every use is an exception, and disposing again does nothing.</summary>
public sealed class DisposedTests : IDisposable
{
    /// <summary>What a disposed model still tells: it is known without its memory.</summary>
    private static readonly string[] Known = ["Plan", "Device", "BatchSize", "Seed", "Weights", "ArenaBytes", "Summary"];

    private static readonly float[] Inputs = Samples.Inputs(4, 1, 5);
    private static readonly float[] Targets = Samples.OneHot([0, 1, 2, 0], 3);
    private static readonly int[] ClassIds = [0, 1, 2, 0];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_use_of_a_disposed_model_is_an_exception()
    {
        var net = new ThreeClasses(batchSize: 4);
        net.SaveWeights(_folder["weights"]);
        net.TrainOnBatch(Inputs, ClassIds, new Adam());
        net.Dispose();
        Dictionary<string, Action[]> uses = new()
        {
            ["Step"] = [() => _ = net.Step, () => net.Step = 1],
            ["ApplyGradients"] = [() => net.ApplyGradients(new SGD())],
            ["TrainOnBatch"] = [() => net.TrainOnBatch(Inputs, Targets, new SGD()), () => net.TrainOnBatch(Inputs, ClassIds, new SGD())],
            ["ComputeGradients"] = [() => net.ComputeGradients(Inputs, Targets), () => net.ComputeGradients(Inputs, ClassIds)],
            ["TestOnBatch"] = [() => net.TestOnBatch(Inputs, Targets), () => net.TestOnBatch(Inputs, ClassIds)],
            ["PredictOnBatch"] = [() => net.PredictOnBatch(Inputs, new float[12])],
            ["Evaluate"] = [() => net.Evaluate(Samples.Classes(4))],
            ["Predict"] = [() => net.Predict(Samples.Classes(4))],
            ["Fit"] = [() => net.Fit(Samples.Classes(4), new SGD())],
            ["UseAverages"] = [() => net.UseAverages()],
            ["KernelsPerStep"] = [() => _ = net.KernelsPerStep],
            ["SaveWeights"] = [() => net.SaveWeights(_folder["other"])],
            ["LoadWeights"] = [() => net.LoadWeights(_folder["weights"]), () => net.LoadWeights(_folder["none"])],
        };
        foreach ((string member, Action[] ways) in uses)
        {
            foreach (Action use in ways)
                Assert.Contains("ThreeClasses", Assert.Throws<ObjectDisposedException>(use).ObjectName, StringComparison.Ordinal);
            Assert.InRange(ways.Length, Members().Count(name => name == member), 2); // Every overload.
        }

        // No member is forgotten, neither here nor in those to come.
        Assert.Equal(
            uses.Keys.Concat(Known).Append("Dispose").Order(StringComparer.Ordinal), Members().Distinct().Order(StringComparer.Ordinal));
        Assert.False(File.Exists(_folder["other"]));
        Assert.Equal((4, 0UL, 4), (net.BatchSize, net.Seed, net.Weights.Count));
        Assert.Contains("ThreeClasses", net.Summary(), StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_of_a_disposed_model_are_out_of_reach()
    {
        var net = new ThreeClasses(batchSize: 4);
        Weight kernel = net.Dense1.Kernel;
        net.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _ = kernel.Span.Length);
        Assert.Throws<ObjectDisposedException>(() => _ = kernel.Gradient.Length);
        Assert.Throws<ObjectDisposedException>(() => _ = net.Dense1.Kernel.Span.Length);
        Assert.Equal(("dense_1/kernel", 40), (kernel.Name, kernel.Count));
    }

    [Fact]
    public void Disposing_again_does_nothing()
    {
        using var device = Device.Cpu(threads: 1);
        var net = new ThreeClasses(device, batchSize: 4);
        net.Dispose();
        net.Dispose();
        Parallel.For(0, 20, _ => net.Dispose());
        Assert.Equal(0, device.BufferBytes);
        device.Dispose();
        device.Dispose();
    }

    [Fact]
    public void A_callback_may_dispose_the_model_it_is_told_of()
    {
        using var device = Device.Cpu(threads: 1);
        var net = new ThreeClasses(device, batchSize: 4);
        var callback = new Recorder("a", [], (model, _) =>
        {
            model.Dispose();
            Assert.NotEqual(0, device.BufferBytes); // Its user lets go first.
            return false;
        });
        Assert.Throws<ObjectDisposedException>(() => net.Fit(Samples.Classes(8), new SGD(), epochs: 2, callbacks: [callback]));
        Assert.Equal(0, device.BufferBytes);
    }

    [Fact]
    public void A_device_that_is_disposed_first_leaves_its_models_whole()
    {
        var device = Device.Cpu(threads: 2);
        var net = new ThreeShapes(device, batchSize: 8, seed: 3);
        using var other = new ThreeShapes(batchSize: 8, seed: 3);
        device.Dispose();

        foreach (Optimizer optimizer in (Optimizer[])[new SGD(), new Adam(), new SGD(0.1, momentum: 0.9)])
        {
            net.Fit(Samples.Shapes(20), optimizer);
            other.Fit(Samples.Shapes(20), optimizer);
        }

        Compare.Same("weights", Samples.Weights(other), Samples.Weights(net));
        Assert.Equal(other.Evaluate(Samples.Shapes(20)), net.Evaluate(Samples.Shapes(20)));
        net.Dispose();
    }

    [Fact]
    public void A_disposed_device_takes_no_model_and_answers_nothing()
    {
        var device = Device.Cpu(threads: 1);
        string name = device.Name;
        device.Dispose();
        Assert.Throws<ObjectDisposedException>(() => new ThreeClasses(device, batchSize: 4));
        Assert.Throws<ObjectDisposedException>(() => device.BufferBytes);
        Assert.Throws<ObjectDisposedException>(() => device.ScratchBytes);
        Assert.Throws<ObjectDisposedException>(device.Synchronize);
        Assert.Equal((name, 1), (device.ToString(), device.Threads));
    }

    [Fact]
    public void The_default_device_cannot_be_disposed()
    {
        Device.Default.Dispose();
        using var net = new ThreeClasses(batchSize: 4);
        Assert.Same(Device.Default, net.Device);
        Device.Default.Synchronize();
    }

    private static IEnumerable<string> Members() =>
        typeof(Model).GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(member => member is PropertyInfo or MethodInfo { IsSpecialName: false }).Select(member => member.Name);
}

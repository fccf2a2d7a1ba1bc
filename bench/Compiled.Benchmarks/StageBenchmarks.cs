using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;

namespace Compiled.Benchmarks;

/// <summary>Each stage of the CIFAR-10 network: one native call against one call per layer.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory, BenchmarkLogicalGroupRule.ByParams)]
[CategoriesColumn]
public class StageBenchmarks
{
    private NativeStage _fused = null!;
    private NativeStage _unfused = null!;

    [Params(32, 128)]
    public int BatchSize { get; set; }

    [Params(
        "Conv2D 32, same, ReLU",
        "Conv2D 32, ReLU, MaxPooling2D, Dropout",
        "Conv2D 64, same, ReLU",
        "Conv2D 64, ReLU, MaxPooling2D, Dropout",
        "Dense 512, ReLU, Dropout")]
    public string Stage { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _fused = NativeStage.Create(Stage, BatchSize, fused: true);
        _unfused = NativeStage.Create(Stage, BatchSize, fused: false);
        // Backward reads what forward has left.
        _fused.Forward();
        _unfused.Forward();
    }

    [Benchmark(Baseline = true), BenchmarkCategory("Forward")]
    public void ForwardUnfused() => _unfused.Forward();

    [Benchmark, BenchmarkCategory("Forward")]
    public void ForwardFused() => _fused.Forward();

    [Benchmark(Baseline = true), BenchmarkCategory("Backward")]
    public void BackwardUnfused() => _unfused.Backward();

    [Benchmark, BenchmarkCategory("Backward")]
    public void BackwardFused() => _fused.Backward();

    [GlobalCleanup]
    public void Cleanup()
    {
        _fused.Dispose();
        _unfused.Dispose();
    }
}

using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;
using Compiled.Examples;

namespace Compiled.Benchmarks;

/// <summary>Whole training and prediction steps of the CIFAR-10 network, fused and as one stage per layer.</summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class StepBenchmarks
{
    private const int InputSize = 32 * 32 * 3;
    private const int Classes = 10;

    private readonly Adam _fusedOptimizer = new();
    private readonly Adam _unfusedOptimizer = new();
    private Cifar10Net _fused = null!;
    private UnfusedCifar10Net _unfused = null!;
    private float[] _images = null!;
    private int[] _classIds = null!;
    private float[] _predictions = null!;

    [Params(32, 128)]
    public int BatchSize { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _fused = new Cifar10Net(batchSize: BatchSize);
        _unfused = new UnfusedCifar10Net(batchSize: BatchSize);
        int[] indices = [.. Enumerable.Range(0, BatchSize)];
        ArrayDataset data = DrawnShapes.Create(BatchSize);
        data.ReadInputs(indices, _images = new float[BatchSize * InputSize]);
        data.ReadClassIds(indices, _classIds = new int[BatchSize]);
        _predictions = new float[BatchSize * Classes];
    }

    [Benchmark(Baseline = true), BenchmarkCategory("Train")]
    public BatchResult TrainUnfused() => _unfused.TrainOnBatch(_images, _classIds, _unfusedOptimizer);

    [Benchmark, BenchmarkCategory("Train")]
    public BatchResult TrainFused() => _fused.TrainOnBatch(_images, _classIds, _fusedOptimizer);

    [Benchmark(Baseline = true), BenchmarkCategory("Predict")]
    public void PredictUnfused() => _unfused.PredictOnBatch(_images, _predictions);

    [Benchmark, BenchmarkCategory("Predict")]
    public void PredictFused() => _fused.PredictOnBatch(_images, _predictions);

    [GlobalCleanup]
    public void Cleanup()
    {
        _fused.Dispose();
        _unfused.Dispose();
    }
}

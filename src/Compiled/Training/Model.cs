using System.ComponentModel;

namespace Compiled;

/// <summary>
/// A network on a device: its weights, gradients and activations in one arena whose size is fixed by the plan and the batch size. The
/// generated half of a class with <see cref="ModelAttribute"/> derives from it and adds the four passes.
/// </summary>
/// <remarks>
/// A model runs one call at a time; a second one, from another thread, is refused with an <see cref="InvalidOperationException"/>. After
/// <see cref="Dispose()"/> every use of its memory throws <see cref="ObjectDisposedException"/>.
/// </remarks>
public abstract partial class Model : IDisposable
{
    /// <summary>Batches on their way: one is filled while the device copies the other.</summary>
    private const int FeedAreas = 2;

    private readonly ModelUse _use = new();
    private readonly ContextHandle _context;
    private readonly ModelArena _arena;
    private readonly RunState _state;
    private readonly Feed _inputs;
    private readonly Feed _targets;
    private readonly WeightRules _rules;
    private readonly RecordedPass _training;
    private readonly RecordedPass _gradients;
    private readonly RecordedPass _evaluation;
    private readonly RecordedPass _prediction;
    private readonly FoldedWeights _folded;
    private readonly List<OpHandle> _ops = [];
    private readonly Weight[] _weights;
    private readonly HostWeights _hostWeights;
    private readonly HostWeights _hostGradients;

    /// <summary>For generated code: allocates the arena and gives the weights their initial values.</summary>
    /// <param name="plan">What the generator found out.</param>
    /// <param name="device">Where to run; null for <see cref="Compiled.Device.Default"/>.</param>
    /// <param name="batchSize">The largest number of samples that one step can take; at least 1.</param>
    /// <param name="seed">Chooses the initial weights, the dropout masks and the order of the samples.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// <paramref name="batchSize"/> is less than 1, or a batch of it is longer than a span.
    /// </exception>
    /// <exception cref="CompiledException">The memory is not there.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    protected Model(ModelPlan plan, Device? device, int batchSize, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchSize, 1);
        Plan = plan;
        Device = device ?? Device.Default;
        BatchSize = batchSize;
        Seed = seed;
        _context = Device.Context;
        _arena = new ModelArena(plan, _context, batchSize);
        RequireSpans(batchSize);
        try
        {
            _state = new RunState(_arena, seed);
            _inputs = _arena.FeedValue(plan.InputOffset, InputSize * (long)sizeof(float), FeedAreas);
            _targets = _arena.FeedValue(plan.TargetOffset, TargetSize * (long)sizeof(float), FeedAreas);
            _rules = new WeightRules(plan, _context, batchSize, Positions);
        }
        catch
        {
            // At once: nobody else can, and whoever tries a smaller batch needs the memory.
            _targets?.Dispose();
            _inputs?.Dispose();
            _state?.Dispose();
            _arena.Dispose();
            throw;
        }

        _training = new RecordedPass(Device, _context, RunTraining);
        _gradients = new RecordedPass(Device, _context, RunGradients);
        _evaluation = new RecordedPass(Device, _context, RunEvaluation);
        _prediction = new RecordedPass(Device, _context, PredictCore);
        _folded = new FoldedWeights(_arena, new RecordedPass(Device, _context, FoldCore));
        _hostWeights = new HostWeights(_arena, gradients: false);
        _hostGradients = new HostWeights(_arena, gradients: true);
        _weights = [.. plan.Parameters.Select(parameter => new Weight(this, parameter))];
        InitializeWeights();
    }

    /// <summary>What was known when the program was built.</summary>
    public ModelPlan Plan { get; }

    /// <summary>Where the model runs.</summary>
    public Device Device { get; }

    /// <summary>The largest number of samples that one step can take.</summary>
    public int BatchSize { get; }

    /// <summary>What chose the initial weights and chooses the dropout masks and the order of the samples.</summary>
    public ulong Seed { get; }

    /// <summary>
    /// The number of finished training steps: with <see cref="Seed"/> it chooses the dropout masks of the next one. Set it to go on where
    /// another process stopped.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long Step
    {
        get
        {
            ThrowIfDisposed();
            return _state.Step;
        }

        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Enter();
            try
            {
                _state.Step = value;
            }
            finally
            {
                Exit();
            }
        }
    }

    /// <summary>All weights in the order of the layers, the moving averages of normalizations among them.</summary>
    public IReadOnlyList<Weight> Weights => _weights;

    /// <summary>
    /// Bytes of the model's arena: twice <see cref="ModelPlan.ParameterBytes"/> (weights and gradients), <see cref="BatchSize"/> times
    /// <see cref="ModelPlan.ValueBytesPerSample"/>, 128 for the state and the loss, 8 for each sum of the metrics, and
    /// <see cref="ModelPlan.FoldedBytes"/> where <see cref="BatchSize"/> times <see cref="ModelPlan.SpareBytesPerSample"/> is less than that.
    /// An optimizer adds what it keeps.
    /// </summary>
    public long ArenaBytes => _arena.Bytes;

    /// <summary>
    /// How many kernels a training step launches on a GPU, where it is recorded once and then repeated; 0 before the second step of
    /// <see cref="TrainOnBatch(ReadOnlySpan{float}, ReadOnlySpan{float}, Optimizer, ReadOnlySpan{float})"/>, and on the CPU.
    /// </summary>
    public long KernelsPerStep
    {
        get
        {
            Enter();
            try
            {
                return _training.Kernels;
            }
            finally
            {
                Exit();
            }
        }
    }

    /// <summary>Frees the model. While it runs on another thread, that run stops after its step and then frees it.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees the model.</summary>
    /// <param name="disposing">Always true: native memory has finalizers of its own.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && _use.Dispose())
            Free();
    }

    internal unsafe Span<float> ParameterSpan(ParameterPlan parameter)
    {
        ThrowIfDisposed();
        if (Device.Kind != DeviceKind.Cpu)
            return _hostWeights.Lend(parameter);
        _folded.DistrustFromNowOn();
        return new Span<float>((void*)Parameter(parameter.Offset), (int)parameter.Count);
    }

    internal unsafe Span<float> GradientSpan(ParameterPlan parameter)
    {
        ThrowIfDisposed();
        return Device.Kind == DeviceKind.Cpu
            ? new Span<float>((void*)Gradient(parameter.Offset), (int)parameter.Count)
            : _hostGradients.Lend(parameter);
    }

    private void InitializeWeights()
    {
        float[] values = new float[Plan.Parameters.Select(parameter => parameter.Count).DefaultIfEmpty().Max()];
        foreach (ParameterPlan parameter in Plan.Parameters)
        {
            Span<float> weights = values.AsSpan(0, (int)parameter.Count);
            Initializers.Fill(weights, parameter, Seed);
            _arena.WriteParameter(parameter, weights);
        }
    }

    /// <summary>Batches are read and written through spans, whose lengths are 32-bit.</summary>
    private void RequireSpans(int batchSize)
    {
        int largest = Math.Max(InputSize, Math.Max(OutputSize, TargetSize));
        if (batchSize <= int.MaxValue / largest)
            return;
        _arena.Dispose();
        throw new ArgumentOutOfRangeException(
            nameof(batchSize),
            batchSize,
            $"A batch has at most {int.MaxValue:N0} values: with {largest:N0} a sample, a batch size of {int.MaxValue / largest:N0}.");
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(_use.IsDisposed, this);

    private void Enter() => _use.Enter(this);

    private void Exit()
    {
        if (_use.Exit())
            Free();
    }

    private void Free()
    {
        foreach (RecordedPass pass in (ReadOnlySpan<RecordedPass>)[_training, _gradients, _evaluation, _prediction])
            pass.Dispose();
        _folded.Dispose();
        _slots?.Dispose();
        _rules.Dispose();
        foreach (OpHandle op in _ops)
            op.Dispose();
        _inputs.Dispose();
        _targets.Dispose();
        _batchWeights?.Dispose();
        _state.Dispose();
        _arena.Dispose();
    }
}

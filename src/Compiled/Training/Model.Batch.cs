namespace Compiled;

/// <content>Single batches: the ground on which <see cref="Fit"/> stands, and what a training loop of one's own is made of.</content>
public abstract partial class Model
{
    private OptimizerSlots? _slots;
    private double[]? _sums;
    private BatchWeights? _batchWeights;
    private bool _isWeighted; // the loaded batch
    private bool _isInEpoch;
    private (Interop.cn_metrics Means, double[] Sums)? _setAside; // of the epoch

    private int InputSize => (int)Shapes.Size(Plan.InputShape);

    private int OutputSize => (int)Shapes.Size(Plan.OutputShape);

    private int TargetSize => (int)Shapes.Size(Plan.TargetShape);

    private int ClassCount => Plan.OutputShape[^1];

    /// <summary>The loss values of a sample.</summary>
    private int Positions => OutputSize / ClassCount;

    /// <summary>Trains on one batch: forward, backward, update.</summary>
    /// <param name="inputs">The samples one after the other; at most <see cref="BatchSize"/> of them.</param>
    /// <param name="targets">Their targets: floats of the output's shape each. A model of class numbers takes the other overload.</param>
    /// <param name="optimizer">The rule of the update.</param>
    /// <param name="sampleWeights">What each sample, or each of its positions, counts in the loss; empty for 1.</param>
    /// <returns>Loss and accuracy before the update.</returns>
    /// <exception cref="ArgumentException">The lengths do not fit the model.</exception>
    /// <exception cref="InvalidOperationException">The batch size is 1, and a layer normalizes over the batch alone.</exception>
    public BatchResult TrainOnBatch(
        ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets, Optimizer optimizer, ReadOnlySpan<float> sampleWeights = default)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Enter();
        try
        {
            Load(inputs, targets, sampleWeights);
            return TrainLoaded(optimizer);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Trains on one batch whose targets are class numbers; for one-hot losses they are made one-hot.</summary>
    /// <param name="inputs">The samples one after the other; at most <see cref="BatchSize"/> of them.</param>
    /// <param name="classIds">Their classes, from 0.</param>
    /// <param name="optimizer">The rule of the update.</param>
    /// <param name="sampleWeights">What each sample, or each of its positions, counts in the loss; empty for 1.</param>
    /// <returns>Loss and accuracy before the update.</returns>
    /// <exception cref="ArgumentException">The lengths do not fit the model, or a class is out of range.</exception>
    /// <exception cref="InvalidOperationException">The batch size is 1, and a layer normalizes over the batch alone.</exception>
    public BatchResult TrainOnBatch(
        ReadOnlySpan<float> inputs, ReadOnlySpan<int> classIds, Optimizer optimizer, ReadOnlySpan<float> sampleWeights = default)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Enter();
        try
        {
            Load(inputs, classIds, sampleWeights);
            return TrainLoaded(optimizer);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>
    /// Computes the gradients of one batch, with dropout on, and leaves the weights as they are: for a rule of one's own over
    /// <see cref="Weight.Span"/> and <see cref="Weight.Gradient"/>, or to change the gradients before <see cref="ApplyGradients"/>. What
    /// regularizers add is in loss and gradients. It counts
    /// as a <see cref="Step"/>, so the next one has other dropout masks.
    /// </summary>
    /// <param name="inputs">The samples one after the other; at most <see cref="BatchSize"/> of them.</param>
    /// <param name="targets">Their targets: floats of the output's shape each.</param>
    /// <param name="sampleWeights">What each sample, or each of its positions, counts in the loss; empty for 1.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model.</exception>
    /// <exception cref="InvalidOperationException">The batch size is 1, and a layer normalizes over the batch alone.</exception>
    public BatchResult ComputeGradients(ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets, ReadOnlySpan<float> sampleWeights = default)
    {
        Enter();
        try
        {
            Load(inputs, targets, sampleWeights);
            return ComputeLoadedGradients();
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Computes the gradients of one batch whose targets are class numbers.</summary>
    /// <param name="inputs">The samples one after the other; at most <see cref="BatchSize"/> of them.</param>
    /// <param name="classIds">Their classes, from 0.</param>
    /// <param name="sampleWeights">What each sample, or each of its positions, counts in the loss; empty for 1.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model, or a class is out of range.</exception>
    /// <exception cref="InvalidOperationException">The batch size is 1, and a layer normalizes over the batch alone.</exception>
    public BatchResult ComputeGradients(ReadOnlySpan<float> inputs, ReadOnlySpan<int> classIds, ReadOnlySpan<float> sampleWeights = default)
    {
        Enter();
        try
        {
            Load(inputs, classIds, sampleWeights);
            return ComputeLoadedGradients();
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>
    /// Updates the weights by their gradients, as they are in <see cref="Weight.Gradient"/>; <see cref="Constraint"/>s of weights hold after
    /// it.
    /// </summary>
    /// <param name="optimizer">The rule of the update.</param>
    public void ApplyGradients(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Enter();
        try
        {
            Update(optimizer);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Loss and accuracy of one batch as in prediction: no dropout, nothing changes.</summary>
    /// <param name="inputs">The samples one after the other; at most <see cref="BatchSize"/> of them.</param>
    /// <param name="targets">Their targets: floats of the output's shape each.</param>
    /// <param name="sampleWeights">What each sample, or each of its positions, counts in the loss; empty for 1.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model.</exception>
    public BatchResult TestOnBatch(ReadOnlySpan<float> inputs, ReadOnlySpan<float> targets, ReadOnlySpan<float> sampleWeights = default)
    {
        Enter();
        try
        {
            Load(inputs, targets, sampleWeights);
            return TestLoaded();
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Loss and accuracy of one batch whose targets are class numbers.</summary>
    /// <param name="inputs">The samples one after the other; at most <see cref="BatchSize"/> of them.</param>
    /// <param name="classIds">Their classes, from 0.</param>
    /// <param name="sampleWeights">What each sample, or each of its positions, counts in the loss; empty for 1.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model, or a class is out of range.</exception>
    public BatchResult TestOnBatch(ReadOnlySpan<float> inputs, ReadOnlySpan<int> classIds, ReadOnlySpan<float> sampleWeights = default)
    {
        Enter();
        try
        {
            Load(inputs, classIds, sampleWeights);
            return TestLoaded();
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Predicts one batch.</summary>
    /// <param name="inputs">The samples one after the other; at most <see cref="BatchSize"/> of them.</param>
    /// <param name="predictions">Receives a prediction of the output's shape for each.</param>
    /// <exception cref="ArgumentException">The lengths do not fit the model.</exception>
    public void PredictOnBatch(ReadOnlySpan<float> inputs, Span<float> predictions)
    {
        Enter();
        try
        {
            int rows = LoadInputs(inputs);
            if (predictions.Length != rows * OutputSize)
            {
                throw new ArgumentException(
                    $"{rows} predictions of {Text(Plan.OutputShape)} have {rows * OutputSize:N0} elements; the span has {predictions.Length:N0}.", nameof(predictions));
            }

            PredictLoaded();
            _arena.ReadValue(Plan.OutputOffset, predictions);
        }
        finally
        {
            Exit();
        }
    }

    private void ThrowIfBatchIsOne()
    {
        if (BatchSize == 1 && Plan.BatchNormalizedLayer is { } layer)
        {
            throw new InvalidOperationException(
                $"'{Plan.Name}' cannot train with a batch size of 1: '{layer}' normalizes each channel over the batch, and one value is its own " +
                "mean. Make the model with a batch size of 2 or more, use [LayerNormalization], or set Trainable = false.");
        }
    }

    private static string Text(IReadOnlyList<int> shape) => shape.Count == 0 ? "one number" : string.Join('×', shape);

    private BatchResult TrainLoaded(Optimizer optimizer)
    {
        ClearMetrics();
        Train(optimizer, _training);
        return ReadMetrics();
    }

    private void Train(Optimizer optimizer, RecordedPass pass)
    {
        lock (Device.Gate)
        {
            OptimizerSlots slots = Prepare(optimizer);
            Run(pass, predicts: false, slots);
            if (slots.HasUpdate)
                _state.CountUpdate(steps: 1);
            else
                _state.Step++;
        }
    }

    private void Update(Optimizer optimizer)
    {
        lock (Device.Gate)
        {
            OptimizerSlots slots = Prepare(optimizer);
            try
            {
                Send();
                _arena.NoteChangedWeights();
                ApplyUpdate(slots, steps: 0);
            }
            catch
            {
                _state.Distrust();
                throw;
            }

            if (slots.HasUpdate)
                _state.CountUpdate(steps: 0);
        }
    }

    private BatchResult ComputeLoadedGradients()
    {
        ThrowIfBatchIsOne();
        ClearMetrics();
        lock (Device.Gate)
        {
            Run(_gradients, predicts: false);
            _state.Step++;
        }

        return ReadMetrics();
    }

    private BatchResult TestLoaded()
    {
        ClearMetrics();
        Test(_evaluation);
        return ReadMetrics();
    }

    private void Test(RecordedPass pass)
    {
        lock (Device.Gate)
            Run(pass, predicts: true);
    }

    private void PredictLoaded()
    {
        _isWeighted = false;
        lock (Device.Gate)
            Run(_prediction, predicts: true);
    }

    /// <remarks>A pass that does not predict changes weights, if only the moving statistics of normalizations.</remarks>
    private void Run(RecordedPass pass, bool predicts, OptimizerSlots? slots = null)
    {
        try
        {
            Send();
            if (predicts)
                _folded.Refresh();
            else
                _arena.NoteChangedWeights();
            pass.Run(slots, _isWeighted ? _batchWeights : null);
        }
        catch
        {
            _state.Distrust();
            throw;
        }
    }

    /// <summary>Brings what the host has changed to the device.</summary>
    private void Send()
    {
        _hostWeights.Return();
        _hostGradients.Return();
        _state.Send();
    }

    private void RunGradients()
    {
        ForwardCore();
        BackwardCore();
        _rules.AddPenalties(_arena, toGradients: true);
    }

    private void RunEvaluation()
    {
        EvaluateCore();
        _rules.AddPenalties(_arena, toGradients: false);
    }

    private void RunTraining()
    {
        RunGradients();
        ApplyUpdate(_slots!, steps: 1);
    }

    private void ApplyUpdate(OptimizerSlots slots, int steps)
    {
        slots.Step(_arena, steps);
        _rules.Constrain(_arena);
    }

    /// <summary>What the model keeps for the optimizer, with the learning rate of now.</summary>
    private OptimizerSlots Prepare(Optimizer optimizer)
    {
        ThrowIfAveragesInUse();
        ThrowIfBatchIsOne();
        if (_slots is null || !ReferenceEquals(_slots.Optimizer, optimizer))
        {
            _training.Dispose();
            _slots?.Dispose();
            _slots = null; // Making the new ones may fail.
            _slots = new OptimizerSlots(optimizer, Plan, _context);
            _state.Updates = 0;
        }

        _state.LearningRate = optimizer.RateAfter(_state.Updates);
        return _slots;
    }

    /// <remarks>Who is called while an epoch runs may use the model: what the epoch has summed so far is set aside.</remarks>
    private void ClearMetrics()
    {
        if (_isInEpoch && _setAside is null)
        {
            double[] sums = new double[_arena.SumCount];
            if (sums.Length > 0)
                _arena.ReadSums(sums);
            _setAside = (_arena.ReadMetrics(), sums);
        }

        _arena.ClearMetrics();
    }

    private void ResumeMetrics()
    {
        if (_setAside is not var (means, sums))
            return;
        _arena.WriteMetrics(means);
        if (sums.Length > 0)
            _arena.WriteSums(sums);
        _setAside = null;
    }

    /// <summary>The means of the epoch that runs.</summary>
    internal BatchResult ReadMeans()
    {
        Enter();
        try
        {
            ResumeMetrics();
            return ReadMetrics();
        }
        finally
        {
            Exit();
        }
    }

    private BatchResult ReadMetrics()
    {
        Interop.cn_metrics sums = _arena.ReadMetrics();
        var means = new BatchResult(sums.loss / sums.count, Plan.HasAccuracy ? sums.correct / sums.count : double.NaN);
        if (Plan.Metrics.Count == 0)
            return means;
        _sums ??= new double[_arena.SumCount];
        _arena.ReadSums(_sums);
        return means with { Metrics = new MetricValues(Plan.Metrics, _sums) };
    }
}

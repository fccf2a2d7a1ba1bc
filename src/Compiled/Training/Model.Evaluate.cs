namespace Compiled;

/// <content>Evaluation and prediction over a data set.</content>
public abstract partial class Model
{
    /// <summary>Loss and accuracy over a data set, as in prediction: no dropout, nothing changes, every sample counts once.</summary>
    /// <param name="data">The samples.</param>
    /// <param name="cancellationToken">Ends the evaluation after the current batch.</param>
    /// <exception cref="ArgumentException">The data set does not fit the model; the message says in what.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public Evaluation Evaluate(Dataset data, CancellationToken cancellationToken = default)
    {
        RequireFits(data, nameof(data));
        Enter();
        try
        {
            using var source = new BatchSource(this, data, mayReside: false); // Each sample is read once.
            return EvaluateSamples(source, cancellationToken) ?? throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Predicts a data set.</summary>
    /// <param name="data">The samples; their targets are not read.</param>
    /// <param name="cancellationToken">Ends the prediction after the current batch.</param>
    /// <returns>A prediction of the output's shape per sample, one after the other.</returns>
    /// <exception cref="ArgumentException">The data set does not fit the model; the message says in what.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public float[] Predict(Dataset data, CancellationToken cancellationToken = default)
    {
        RequireInputs(data, nameof(data));
        Enter();
        try
        {
            float[] predictions = new float[checked(data.Count * OutputSize)];
            var order = new SampleOrder(data.Count, BatchSize, shuffle: false, Seed);
            for (int done = 0; done < data.Count;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                ThrowIfDisposed();
                ReadOnlySpan<int> indices = order.Next();
                LoadInputs(data, indices);
                PredictLoaded();
                _arena.ReadValue(Plan.OutputOffset, predictions.AsSpan(done * OutputSize, indices.Length * OutputSize));
                done += indices.Length;
            }

            return predictions;
        }
        finally
        {
            Exit();
        }
    }

    private Evaluation? EvaluateSamples(BatchSource data, CancellationToken cancellationToken)
    {
        var order = new SampleOrder(data.Count, BatchSize, shuffle: false, Seed);
        ClearMetrics();
        for (int done = 0; done < data.Count;)
        {
            if (cancellationToken.IsCancellationRequested)
                return null;
            ThrowIfDisposed();
            done += data.Load(order);
            Test(data.Evaluation);
        }

        BatchResult mean = ReadMetrics();
        return new Evaluation(mean.Loss, mean.Accuracy, data.Count) { Metrics = mean.Metrics };
    }
}

namespace Compiled;

/// <content>Where the batches of a data set come from: the device itself where the set lies in its memory, else the host.</content>
public abstract partial class Model
{
    private sealed class BatchSource : IDisposable
    {
        private readonly Model _model;
        private readonly Dataset _data;
        private readonly ResidentDataset? _resident;
        private readonly float[] _weights; // of a batch; empty for a set without
        private readonly PositionClasses? _classes;

        public BatchSource(Model model, Dataset data, bool mayReside, IReadOnlyDictionary<int, double>? classWeight = null)
        {
            _model = model;
            _data = data;
            _weights = data.HasSampleWeights ? new float[model.BatchSize] : [];
            _classes = classWeight is null ? null : new PositionClasses(classWeight, model.BatchSize * model.Positions);
            // Weights come from the host.
            bool isWeighted = data.HasSampleWeights || classWeight is not null;
            _resident = mayReside && !isWeighted ? ResidentDataset.TryMake(data, model.Plan, model.Device, model._context, model.BatchSize) : null;
            Training = _resident is null ? model._training : Gathering(model.RunTraining);
            Evaluation = _resident is null ? model._evaluation : Gathering(model.RunEvaluation);
        }

        public int Count => _data.Count;

        /// <summary>A training step on the loaded batch.</summary>
        public RecordedPass Training { get; }

        /// <summary>The loss of the loaded batch.</summary>
        public RecordedPass Evaluation { get; }

        /// <summary>Loads the next batch; the number of its samples.</summary>
        public int Load(SampleOrder order)
        {
            ReadOnlySpan<int> indices = order.Next();
            if (_resident is null)
            {
                _model.Load(_data, indices, _weights, _classes);
            }
            else
            {
                _resident.Follow(order, indices.Length);
                _model._state.Rows = indices.Length;
                _model._isWeighted = false;
            }

            return indices.Length;
        }

        public void Dispose()
        {
            if (_resident is null)
                return;
            Training.Dispose();
            Evaluation.Dispose();
            _resident.Dispose();
        }

        private RecordedPass Gathering(Action ops) => new(_model.Device, _model._context, () =>
        {
            _resident!.Gather(_model._arena, _model.Plan);
            ops();
        });
    }
}

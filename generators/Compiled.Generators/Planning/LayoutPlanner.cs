using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// Plan: finds out from when to when each value, gradient and code is needed, and lays them out. Time is counted in stages: forward
/// 0 … n-1, the loss n, backward n+1 … in its own order.
/// </summary>
internal sealed class LayoutPlanner
{
    private const int BeforeAll = -1;

    private readonly StageGraph _stages;
    private readonly Graph _graph;
    private readonly Views _views;
    private readonly ILookup<int, Stage> _producers;
    private readonly ILookup<int, (string Name, int Number)> _parametersOfNode;
    private readonly MemoryPlanner _memory = new();
    private readonly Dictionary<int, Life> _values = [];
    private readonly Dictionary<int, Life> _gradients = [];
    private readonly Dictionary<int, Life> _codes = [];
    private readonly Dictionary<int, Life> _moments = [];

    private LayoutPlanner(StageGraph stages)
    {
        _stages = stages;
        _graph = stages.Graph;
        _views = new Views(_graph);
        _producers = stages.Stages.ToLookup(stage => _views.Root(stage.Output));
        _parametersOfNode = _graph.Parameters.Select((parameter, i) => (parameter, i)).ToLookup(
            pair => pair.parameter.Node, pair => (pair.parameter.Spec.Name, pair.i));
    }

    private int LossTime => _stages.Stages.Count;

    public static ModelLayout Plan(StageGraph stages) => new LayoutPlanner(stages).Plan();

    private ModelLayout Plan()
    {
        Follow();
        Life target = new(BeforeAll, TargetBytes()) { LastUse = LossTime };
        Life? separateOutput = _stages.Head is not null ? new Life(LossTime, Bytes(_graph.Output)) { LastUse = LossTime } : null;
        Life? ownProbabilities = _stages.NeedsProbabilities && _stages.Head is null
            ? new Life(LossTime, Bytes(_graph.Output)) { LastUse = LossTime } : null;
        List<Life> lives = [.. _values.Values, .. _gradients.Values, .. _codes.Values, .. _moments.Values, target];
        if (separateOutput is not null)
            lives.Add(separateOutput);
        if (ownProbabilities is not null)
            lives.Add(ownProbabilities);
        foreach (Life life in lives)
            life.Request = _memory.Add(life.Bytes, life.FirstUse, life.LastUse);
        (long[] offsets, long size) = _memory.Place();
        foreach (Life life in lives)
            life.Offset = offsets[life.Request];

        (long[] parameters, long trainableBytes, long parameterBytes) = PlaceParameters();
        return new ModelLayout(
            _stages,
            _stages.Stages.Select(stage => PlanStage(stage, parameters)).ToEquatableArray(),
            parameters.ToEquatableArray(),
            trainableBytes,
            parameterBytes,
            size,
            SavedBytes(_values, _views.Root(_graph.Input)),
            Offset(_values, _graph.Input),
            separateOutput?.Offset ?? Offset(_values, PredictSource(_graph.Output)),
            target.Offset,
            Offset(_values, _stages.Logits),
            Offset(_values, PredictSource(_stages.Logits)),
            Offset(_gradients, _stages.Logits),
            _stages.NeedsProbabilities ? (separateOutput ?? ownProbabilities)!.Offset : -1);
    }

    /// <summary>Walks through a training step and a prediction, noting each use.</summary>
    private void Follow()
    {
        Use(_values, _graph.Input, BeforeAll);
        foreach (Stage stage in _stages.Stages)
        {
            int now = stage.Number - 1;
            foreach (int input in stage.Inputs)
            {
                Use(_values, input, now);
                Use(_values, PredictSource(input), now);
            }

            Use(_values, stage.Output, now);
            if (_graph.Nodes[stage.Anchor].Operation.AlwaysNotes)
                _codes[stage.Number] = NewCodes(stage);
            if (stage.Epilogue.GivesMoments)
                _moments[_views.Root(stage.Output)] = new Life(now, MomentsBytes(stage));
            if (MomentsOf(stage) is { } moments)
                moments.LastUse = now;
        }

        Use(_values, _stages.Logits, LossTime);
        Use(_values, PredictSource(_stages.Logits), LossTime);
        if (_stages.Training.Wanted[_stages.Logits])
            Use(_gradients, _stages.Logits, LossTime);
        for (int i = 0; i < _stages.Backward.Count; i++)
            FollowBackward(_stages.Stages[_stages.Backward[i] - 1], LossTime + 1 + i);
    }

    private void FollowBackward(Stage stage, int now)
    {
        Operation operation = _graph.Nodes[stage.Anchor].Operation;
        SavedValues saved = operation.Saved(stage.Epilogue);
        if (saved.HasFlag(SavedValues.Input))
            Use(_values, stage.Input, now);
        if (saved.HasFlag(SavedValues.Output))
            Use(_values, stage.Output, now);
        if (saved.HasFlag(SavedValues.Codes))
        {
            _codes[stage.Number] = NewCodes(stage);
            _codes[stage.Number].LastUse = now;
        }

        Use(_gradients, stage.Output, now);
        for (int i = 0; i < stage.Inputs.Count; i++)
        {
            if (stage.InputModes[i] != GradientMode.None)
                Use(_gradients, stage.Inputs[i], now);
        }
    }

    private Life NewCodes(Stage stage) => new(
        stage.Number - 1,
        _graph.Nodes[stage.Anchor].Operation.CodeBytes(stage.Epilogue, _graph.Values[stage.Input].Shape, _stages.Stored[stage.Output]));

    /// <summary>Once for all samples: as if a sample had them.</summary>
    private long MomentsBytes(Stage stage) => 2 * sizeof(double) * _graph.Values[stage.Output].Shape.Last;

    /// <summary>The moments that a stage gives, or takes.</summary>
    private Life? MomentsOf(Stage stage) =>
        stage.Epilogue.GivesMoments ? _moments[_views.Root(stage.Output)]
        : _graph.Nodes[stage.Anchor].Operation.TakesMoments && _moments.TryGetValue(_views.Root(stage.Input), out Life moments) ? moments
        : null;

    private void Use(Dictionary<int, Life> lives, int value, int now)
    {
        int root = _views.Root(value);
        if (!lives.TryGetValue(root, out Life life))
            lives[root] = life = new Life(now, Bytes(root));
        life.LastUse = System.Math.Max(life.LastUse, now);
    }

    /// <summary>What stands for a value in prediction: a dropout's output is then its input.</summary>
    private int PredictSource(int value)
    {
        int root = _views.Root(value);
        Stage? producer = _producers[root].FirstOrDefault();
        return producer is not null && _graph.Nodes[producer.Anchor].Operation.IsTrainingOnly ? PredictSource(producer.Input) : root;
    }

    private StagePlan PlanStage(Stage stage, long[] parameters)
    {
        Node anchor = _graph.Nodes[stage.Anchor];
        var offsets = new StageOffsets(
            stage.Inputs.Select(input => Offset(_values, input)).ToEquatableArray(),
            stage.Inputs.Select(input => Offset(_values, PredictSource(input))).ToEquatableArray(),
            Offset(_values, stage.Output),
            _codes.TryGetValue(stage.Number, out Life codes) ? codes.Offset : -1,
            MomentsOf(stage)?.Offset ?? -1,
            stage.HasBackward ? Offset(_gradients, stage.Output) : -1,
            stage.InputModes.Select((mode, i) => mode == GradientMode.None ? -1 : Offset(_gradients, stage.Inputs[i])).ToEquatableArray(),
            ParametersOf(anchor, parameters));
        Shape input = _graph.Values[stage.Input].Shape;
        // A view is of a value that is stored as a whole, in another shape perhaps.
        bool isView = _views.Root(stage.Input) != stage.Input;
        return new StagePlan(
            stage,
            _stages.Options.Precision,
            anchor.Operation,
            isView ? input : _stages.Stored[stage.Input],
            input,
            _stages.AnchorStored[stage.Number - 1],
            _graph.Values[anchor.Output].Shape,
            _stages.Stored[stage.Output],
            _graph.Values[stage.Output].Shape,
            stage.Inputs.Select(input => _graph.Values[input].Shape).ToEquatableArray(),
            SavedBytes(_values, stage.Output) + SavedBytes(_codes, stage.Number),
            offsets);
    }

    private EquatableArray<KeyValuePair<string, long>> ParametersOf(Node node, long[] offsets) =>
        _parametersOfNode[node.Id].Select(parameter => new KeyValuePair<string, long>(parameter.Name, offsets[parameter.Number]))
            .ToEquatableArray();

    /// <summary>One after the other, those first that the optimizer changes: it takes them as one array.</summary>
    private (long[] Offsets, long TrainableBytes, long Bytes) PlaceParameters()
    {
        long[] offsets = new long[_graph.Parameters.Count];
        long trainable = Place(offsets, isTrainable: true, 0);
        return (offsets, trainable, Place(offsets, isTrainable: false, trainable));
    }

    private long Place(long[] offsets, bool isTrainable, long end)
    {
        for (int i = 0; i < offsets.Length; i++)
        {
            ParameterSpec spec = _graph.Parameters[i].Spec;
            if (spec.Trainable != isTrainable)
                continue;
            offsets[i] = end;
            end += MemoryPlanner.Align(spec.Shape.Elements * sizeof(float));
        }

        return end;
    }

    private long SavedBytes(Dictionary<int, Life> lives, int key) =>
        lives.TryGetValue(key, out Life life) && life.FirstUse < LossTime && life.LastUse > LossTime ? MemoryPlanner.Align(life.Bytes) : 0;

    private long Bytes(int value) => _stages.Stored[value].Elements * sizeof(float);

    private long TargetBytes() =>
        ((LossOperation)_graph.Loss.Operation).Target(_graph.Values[_graph.Output].Shape).Elements * sizeof(float);

    private long Offset(Dictionary<int, Life> lives, int value) => lives.TryGetValue(_views.Root(value), out Life life) ? life.Offset : -1;

    /// <summary>A buffer from its first to its last use.</summary>
    private sealed class Life(int firstUse, long bytes)
    {
        public int FirstUse { get; } = firstUse;

        public long Bytes { get; } = bytes;

        public int LastUse { get; set; } = firstUse;

        public int Request { get; set; }

        public long Offset { get; set; }
    }
}

using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// Plan: finds out from when to when each value, gradient and code is needed, in training and in prediction, and lays them out. What is not
/// needed at once may share memory; nothing but the weights is kept from one pass to another.
/// </summary>
internal sealed class LayoutPlanner
{
    private readonly ModelStages _model;
    private readonly Graph _graph;

    private LayoutPlanner(ModelStages model)
    {
        _model = model;
        _graph = model.Training.Graph;
    }

    public static ModelLayout Plan(ModelStages model) => new LayoutPlanner(model).Plan();

    private ModelLayout Plan()
    {
        StageGraph stages = _model.Training;
        var input = new Life(Bytes(_graph.Input));
        var training = new PassLives(stages, input, notes: true);
        var prediction = new PassLives(_model.Prediction, input, notes: false);
        var target = new Life(((LossOperation)_graph.Loss.Operation).Target(_graph.Values[_graph.Output].Shape).Elements * sizeof(float));
        foreach (PassLives pass in new[] { training, prediction })
        {
            pass.Use(target, PassLives.BeforeAll);
            pass.Use(target, pass.LossTime);
        }

        // Probabilities that the stages do not make: the loss makes them of logits for the metrics, and so does prediction.
        Life? probabilities = stages.Head is not null || stages.NeedsProbabilities ? new Life(Bytes(_graph.Output)) : null;
        if (probabilities is not null)
        {
            prediction.Use(probabilities, prediction.LossTime);
            if (stages.NeedsProbabilities)
                training.Use(probabilities, training.LossTime);
        }

        List<Life> predicted = [.. prediction.All, target, .. probabilities is null ? [] : (Life[])[probabilities]];
        long size = Place([.. training.All, .. predicted.Where(life => life != input)]);
        Gap spare = Gap.Largest(predicted, size);
        (long[] parameters, long trainableBytes, long parameterBytes) = PlaceParameters();
        Dictionary<string, long> offsets = Enumerable.Range(0, parameters.Length).ToDictionary(i => _graph.Parameters[i].Name, i => parameters[i]);
        EquatableArray<StagePlan> trainingStages = new Pass(stages, training, offsets, "_stage").Plan();
        EquatableArray<StagePlan> ownStages = new Pass(_model.Prediction, prediction, offsets, "_predict").Plan();
        (EquatableArray<StagePlan> predictionStages, long foldedBytes) = PlaceFolded(ShareOps(trainingStages, ownStages));
        return new ModelLayout(
            stages,
            trainingStages,
            predictionStages,
            parameters.ToEquatableArray(),
            trainableBytes,
            parameterBytes,
            foldedBytes,
            size,
            spare,
            training.SavedValue(_graph.Input),
            input.Offset,
            stages.Head is null ? prediction.Value(_model.Prediction.Graph.Output) : probabilities!.Offset,
            target.Offset,
            training.Value(stages.Logits),
            prediction.Value(_model.Prediction.Logits),
            training.Gradient(stages.Logits),
            stages.NeedsProbabilities ? probabilities!.Offset : -1);
    }

    private static long Place(List<Life> lives)
    {
        var memory = new MemoryPlanner();
        foreach (Life life in lives)
            life.Request = memory.Add(life);
        (long[] offsets, long size) = memory.Place();
        foreach (Life life in lives)
            life.Offset = offsets[life.Request];
        return size;
    }

    /// <summary>A stage of prediction takes the op of the stage of training that begins with the same layer, if that does the same.</summary>
    private EquatableArray<StagePlan> ShareOps(EquatableArray<StagePlan> training, EquatableArray<StagePlan> prediction)
    {
        Dictionary<string, StagePlan> byAnchor = training.ToDictionary(stage => _graph.Nodes[stage.Stage.Anchor].Name);
        EquatableArray<Node> nodes = _model.Prediction.Graph.Nodes;
        return prediction
            .Select(stage => byAnchor.TryGetValue(nodes[stage.Stage.Anchor].Name, out StagePlan like) && stage.CanUseOpOf(like)
                ? stage with { Field = like.Field }
                : stage)
            .ToEquatableArray();
    }

    /// <summary>The weights with normalizations one after the other: they stay from one pass to the next.</summary>
    private static (EquatableArray<StagePlan> Stages, long Bytes) PlaceFolded(EquatableArray<StagePlan> stages)
    {
        var placed = new List<StagePlan>();
        long end = 0;
        foreach (StagePlan stage in stages)
        {
            placed.Add(stage with { FoldedOffset = end });
            end += stage.Operation is KernelOperation operation ? operation.FoldedBytes(stage) : 0;
        }

        return (placed.ToEquatableArray(), end);
    }

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

    private long Bytes(int value) => _model.Training.Stored[value].Elements * sizeof(float);

    /// <summary>The stages of a pass, whose buffers have their places.</summary>
    private sealed class Pass(StageGraph stages, PassLives lives, Dictionary<string, long> parameters, string field)
    {
        private readonly Graph _graph = stages.Graph;
        private readonly ILookup<int, Parameter> _parametersOfNode = stages.Graph.Parameters.ToLookup(parameter => parameter.Node);

        public EquatableArray<StagePlan> Plan() => stages.Stages.Select(Plan).ToEquatableArray();

        private StagePlan Plan(Stage stage)
        {
            Node anchor = _graph.Nodes[stage.Anchor];
            var offsets = new StageOffsets(
                stage.Inputs.Select(lives.Value).ToEquatableArray(),
                lives.Value(stage.Output),
                lives.Codes(stage),
                lives.Moments(stage),
                stage.HasBackward ? lives.Gradient(stage.Output) : -1,
                stage.InputModes.Select((mode, i) => mode == GradientMode.None ? -1 : lives.Gradient(stage.Inputs[i])).ToEquatableArray(),
                ParametersOf(anchor));
            Shape input = _graph.Values[stage.Framing.Source].Shape;
            return new StagePlan(
                stage,
                field + stage.Number,
                stages.Training.Trained[anchor.Id],
                stages.Options.Precision,
                anchor.Operation,
                // A view is of a value that is stored as a whole, in another shape perhaps, and so are parts.
                lives.IsView(stage.Input) || stage.Framing.IsJoined ? input : stages.Stored[stage.Input],
                input,
                _graph.Values[anchor.Input].Shape,
                stage.Framing.Nodes.Select(node => _graph.Nodes[node].Operation.Title).ToEquatableArray(),
                stages.AnchorStored[stage.Number - 1],
                _graph.Values[anchor.Output].Shape,
                stages.Stored[stage.Output],
                _graph.Values[stage.Output].Shape,
                stage.Inputs.Select(read => _graph.Values[read].Shape).ToEquatableArray(),
                _graph.Values[_graph.Output].Shape.Elements / _graph.Values[_graph.Output].Shape.Last,
                lives.SavedValue(stage.Output) + lives.SavedCodes(stage),
                offsets);
        }

        private EquatableArray<KeyValuePair<string, long>> ParametersOf(Node node) => _parametersOfNode[node.Id]
            .Select(parameter => new KeyValuePair<string, long>(parameter.Spec.Name, parameters[parameter.Name]))
            .ToEquatableArray();
    }
}

using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// Write: the other half of a model as C# that one would have written by hand, in reading order: parameters, stages,
/// forward, backward, update, predict, summary.
/// </summary>
internal sealed class ModelWriter
{
    private const string GeneratedCode =
        "[global::System.CodeDom.Compiler.GeneratedCode(\"Compiled.Generators\", \"0.1.0\")]";

    private readonly CodeWriter _writer = new();
    private readonly ModelSpec _spec;
    private readonly ModelLayout _layout;
    private readonly LossOperation _loss;
    private readonly string _name;

    private ModelWriter(ModelSpec spec, ModelLayout layout)
    {
        _spec = spec;
        _layout = layout;
        _loss = (LossOperation)Graph.Loss.Operation;
        _name = ModelReader.Escape(spec.Name);
    }

    private Graph Graph => _layout.Graph.Graph;

    private LossHead? Head => _layout.Graph.Head;

    /// <summary>The stages of prediction that no op of training serves.</summary>
    private IEnumerable<StagePlan> OwnPredictionStages => _layout.Prediction.Where(stage => stage.Field.StartsWith("_predict", StringComparison.Ordinal));

    private IEnumerable<StagePlan> BackwardStages => _layout.Graph.Backward.Select(number => _layout.Stages[number - 1]);

    public static string Write(ModelSpec spec, ModelLayout layout) => new ModelWriter(spec, layout).Write();

    private string Write()
    {
        FileFrame.Open(_writer, _spec);
        SummaryDoc.Write(_writer, _spec, _layout);
        _writer.Line(GeneratedCode);
        _writer.Line($"partial class {_name} : global::Compiled.Model");
        _writer.Open();
        _writer.Section("Parameters");
        MemoryNotes.WriteParameters(_writer, _layout);
        WriteWeights();
        _writer.Section("Stages");
        MemoryNotes.WriteValues(_writer, _layout);
        _writer.Line();
        WriteFields();
        _writer.Line();
        WriteConstructor();
        _writer.Section("Forward");
        WritePass("ForwardCore", WriteForward);
        _writer.Section("Backward");
        WritePass("BackwardCore", WriteBackward);
        _writer.Section("Update");
        WriteUpdate();
        _writer.Section("Predict and evaluate");
        WritePass("PredictCore", WritePredict);
        _writer.Line();
        WritePass("EvaluateCore", WriteEvaluate);
        _writer.Line();
        WritePredictStages();
        WriteFold();
        _writer.Section("Summary");
        _writer.Line("// What Summary() prints, and what the base class makes the arena by.");
        PlanLiteral.Write(_writer, _spec, _layout);
        _writer.Close();
        FileFrame.Close(_writer, _spec);
        return _writer.ToString();
    }

    private void WriteFields()
    {
        foreach (StagePlan stage in _layout.Stages)
            _writer.Line($"private readonly nint {stage.Field};");
        foreach (StagePlan stage in OwnPredictionStages)
            _writer.Line($"private readonly nint {(stage.FoldsNormalization ? $"{stage.FoldField}, " : "")}{stage.Field};");
        if (Head is not null)
            _writer.Line($"private readonly nint {Head.Field};");
        _writer.Line("private readonly nint _loss;");
        for (int i = 0; i < Graph.Metrics.Count; i++)
            _writer.Line($"private readonly nint {MetricField(i)};");
    }

    private void WriteConstructor()
    {
        _writer.Line($"/// <summary>Makes the network, with initial weights, on a device.</summary>");
        _writer.Line("/// <param name=\"device\">Where to run; null for <see cref=\"global::Compiled.Device.Default\"/>.</param>");
        _writer.Line("/// <param name=\"batchSize\">The largest number of samples that one step can take; at least 1.</param>");
        _writer.Line("/// <param name=\"seed\">Chooses the initial weights, the dropout masks and the order of the samples.</param>");
        _writer.Line($"public {_name}(global::Compiled.Device? device = null, int batchSize = 32, ulong seed = 0)");
        _writer.Line("    : base(s_plan, device, batchSize, seed)");
        _writer.Open();
        foreach (StagePlan stage in _layout.Stages)
        {
            _writer.Line($"// {stage.Stage.Number}  {stage.Title}");
            stage.Operation.WriteCreate(_writer, stage);
            _writer.Line();
        }

        foreach (StagePlan stage in OwnPredictionStages)
        {
            _writer.Line($"// {stage.Stage.Number} of prediction  {stage.Title}");
            stage.Operation.WriteCreate(_writer, stage);
            _writer.Line();
        }

        Shape logits = Graph.Values[_layout.Graph.Logits].Shape;
        _writer.Line($"// {LossTitle}");
        Head?.WriteCreate(_writer, logits);
        _loss.WriteCreate(_writer, "_loss", logits, _loss.FromLogits || Head is not null);
        for (int i = 0; i < Graph.Metrics.Count; i++)
        {
            _writer.Line();
            _writer.Line($"// {Graph.Metrics[i].Title}, reported as '{Graph.Metrics[i].Name}'");
            Graph.Metrics[i].WriteCreate(_writer, MetricField(i), logits);
        }

        _writer.Close();
    }

    /// <summary>Whether stages add to the loss, which a prediction has none of.</summary>
    private bool HasPenaltyStages => _layout.Stages.Any(stage => stage.Operation is ActivityRegularizationOperation);

    private string LossTitle => (Head is null ? "" : $"{Head.Title} · ") + _loss.Canonical;

    private void WriteWeights()
    {
        Dictionary<int, string> names = MemberNames.Of(Graph, _spec.Name);
        ILookup<string, Parameter> parametersOfLayer = Graph.Parameters.ToLookup(parameter => Graph.Nodes[parameter.Node].Layer);
        Dictionary<string, int> numbers = Enumerable.Range(0, Graph.Parameters.Count).ToDictionary(i => Graph.Parameters[i].Name);
        // The analyzer reports a member of the user's half that has one of these names.
        foreach (Node node in Graph.Nodes.Where(node => names.ContainsKey(node.Id) && !_spec.Members.Contains(names[node.Id])))
        {
            string shapes = string.Join(
                ", ", parametersOfLayer[node.Layer].Select(parameter => $"{parameter.Spec.Name} {parameter.Spec.Shape}"));
            string weights = string.Join(", ", node.Operation.WeightNames.Select(
                name => numbers.TryGetValue($"{node.Layer}/{name}", out int number) ? $"Weights[{number}]" : "null"));
            _writer.Line();
            _writer.Line($"/// <summary>The weights of '{node.Layer}' ({node.Operation.Title}): {shapes}.</summary>");
            _writer.Line($"public global::Compiled.{node.Operation.WeightsType} {names[node.Id]} => new({weights});");
        }
    }

    private void WritePass(string name, Action body)
    {
        _writer.Line("/// <inheritdoc/>");
        _writer.Line($"protected override void {name}()");
        _writer.Open();
        body();
        _writer.Close();
    }

    private void WriteForward()
    {
        foreach (StagePlan stage in _layout.Stages)
        {
            WriteHeading(stage, $"{stage.InputTitle} → {stage.LogicalOutput}");
            if (stage.Trimmed.Length > 0)
                _writer.Line($"//    Computes {stage.Trimmed}");
            stage.Operation.Forward(stage).Write(_writer);
            _writer.Line();
        }

        _writer.Line($"// {LossTitle}, its gradient and the metrics");
        Loss(_layout.Logits, _layout.LogitsGradient).Write(_writer);
        WriteMetrics(_layout.Logits);
    }

    private void WriteBackward()
    {
        bool first = true;
        foreach (StagePlan stage in BackwardStages)
        {
            if (!first)
                _writer.Line();
            first = false;
            WriteHeading(stage, $"{stage.LogicalOutput} → {(!stage.Stage.WantsInputGradient ? "weights only" : stage.InputTitle)}");
            stage.Operation.Backward(stage).Write(_writer);
        }
    }

    private void WriteUpdate()
    {
        _writer.Line("// One call of the optimizer for all parameters, which lie in one piece: the base class makes it after the others.");
        Parameter[] penalized = Graph.Parameters.Where(parameter => parameter.Spec.HasPenalty).ToArray();
        if (penalized.Length > 0)
        {
            _writer.Line("// Before it, one call adds penalties to the loss and to the gradients:");
            CommentTable.Write(
                _writer,
                [
                    ["tensor", "l1", "l2"],
                    .. penalized.Select(parameter => new[]
                        { parameter.Name, LayerArguments.Text(parameter.Spec.L1), LayerArguments.Text(parameter.Spec.L2) }),
                ]);
        }

        Parameter[] constrained = Graph.Parameters.Where(parameter => parameter.Spec.Constraint is not null).ToArray();
        if (constrained.Length > 0)
        {
            _writer.Line("// Behind it, one call makes weights what they are to be:");
            CommentTable.Write(
                _writer, [["tensor", "constraint"], .. constrained.Select(parameter => new[] { parameter.Name, parameter.Spec.Constraint!.Kind })]);
        }
    }

    private void WritePredict()
    {
        _writer.Line($"PredictStages({(HasPenaltyStages ? "0" : "")});");
        Head?.Predict(_layout.PredictLogits, _layout.Output).Write(_writer);
    }

    private void WriteEvaluate()
    {
        _writer.Line($"PredictStages({(HasPenaltyStages ? "Metrics" : "")});");
        Loss(_layout.PredictLogits, -1).Write(_writer);
        WriteMetrics(_layout.PredictLogits);
    }

    private void WritePredictStages()
    {
        _writer.Line("/// <summary>All stages without what only training needs.</summary>");
        if (HasPenaltyStages)
            _writer.Line("/// <param name=\"penalties\">Where penalties of values are summed; 0 where they are not wanted.</param>");
        _writer.Line($"private void PredictStages({(HasPenaltyStages ? "nint penalties" : "")})");
        _writer.Open();
        bool first = true;
        foreach (StagePlan stage in _layout.Prediction)
        {
            if (!first)
                _writer.Line();
            first = false;
            WriteHeading(stage, $"{stage.InputTitle} → {stage.LogicalOutput}");
            stage.Operation.Predict(stage).Write(_writer);
        }

        _writer.Close();
    }

    private void WriteFold()
    {
        StagePlan[] stages = _layout.Prediction.Where(stage => stage.FoldsNormalization).ToArray();
        if (stages.Length == 0)
            return;
        _writer.Line();
        WritePass("FoldCore", () =>
        {
            foreach (StagePlan stage in stages)
                stage.Operation.Prepare(stage)!.Write(_writer);
        });
    }

    private NativeCall Loss(long predictions, long gradient) => new(
        "cn_loss_forward", "_loss", $"predictions: {StagePlan.Value(predictions)}, targets: {StagePlan.Value(_layout.Target)}, weights: SampleWeights",
        $"gradient: {StagePlan.Value(gradient)}, probabilities: {StagePlan.Value(_layout.Probabilities)}, metrics: Metrics");

    /// <summary>Each adds the batch to its sums.</summary>
    private void WriteMetrics(long predictions)
    {
        long source = _layout.Probabilities < 0 ? predictions : _layout.Probabilities, sum = 0;
        for (int i = 0; i < Graph.Metrics.Count; i++)
        {
            new NativeCall(
                "cn_metric_add", MetricField(i),
                $"predictions: {StagePlan.Value(source)}, targets: {StagePlan.Value(_layout.Target)}, weights: {(Graph.Metrics[i].Weighted ? "SampleWeights" : "0")}", $"sums: Sums({sum})").Write(_writer);
            sum += Graph.Metrics[i].SumsOf(Graph.Values[Graph.Output].Shape);
        }
    }

    private static string MetricField(int index) => $"_metric{index + 1}";

    private void WriteHeading(StagePlan stage, string shapes) => _writer.Line($"// {stage.Stage.Number}  {stage.Title,-64} {shapes}");
}

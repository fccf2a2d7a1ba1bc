using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>
/// Write: the other half of a model as C# that one would have written by hand, in reading order: plan, stages, weights, and the four passes.
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

    private IEnumerable<StagePlan> BackwardStages => _layout.Graph.Backward.Select(number => _layout.Stages[number - 1]);

    public static string Write(ModelSpec spec, ModelLayout layout) => new ModelWriter(spec, layout).Write();

    private string Write()
    {
        FileFrame.Open(_writer, _spec);
        SummaryDoc.Write(_writer, _spec, _layout);
        _writer.Line(GeneratedCode);
        _writer.Line($"partial class {_name} : global::Compiled.Model");
        _writer.Open();
        PlanLiteral.Write(_writer, _spec, _layout);
        _writer.Line();
        WriteFields();
        _writer.Line();
        WriteConstructor();
        WriteWeights();
        WritePass("ForwardCore", WriteForward);
        WritePass("BackwardCore", WriteBackward);
        WritePass("PredictCore", WritePredict);
        WritePass("EvaluateCore", WriteEvaluate);
        _writer.Close();
        FileFrame.Close(_writer, _spec);
        return _writer.ToString();
    }

    private void WriteFields()
    {
        foreach (StagePlan stage in _layout.Stages)
            _writer.Line($"private readonly nint {stage.Field};");
        if (_layout.Graph.SoftmaxInLoss)
            _writer.Line("private readonly nint _softmax;");
        _writer.Line("private readonly nint _loss;");
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

        Shape logits = Graph.Values[_layout.Graph.Logits].Shape;
        _writer.Line($"// {LossTitle}");
        if (_layout.Graph.SoftmaxInLoss)
            _writer.Line($"_softmax = {SoftmaxOperation.Create(logits, "(int)cn_gradient_mode.CN_GRADIENT_NONE")}");
        _writer.Line("_loss = CreateLoss(new()");
        _writer.Open();
        _writer.Line($"loss = (int)cn_loss_kind.{_loss.LossConstant}, accuracy = (int)cn_accuracy.{_loss.AccuracyConstant},");
        _writer.Line($"positions = {logits.Elements / logits.Last}, classes = {logits.Last}, from_logits = {(_layout.Graph.SoftmaxInLoss ? 1 : 0)},");
        _writer.Close("});");
        _writer.Close();
    }

    private string LossTitle => (_layout.Graph.SoftmaxInLoss ? "Softmax · " : "") + _loss.Title;

    private void WriteWeights()
    {
        Dictionary<int, string> names = MemberNames.Of(Graph, _spec.Name);
        for (int i = 0; i < Graph.Parameters.Count;)
        {
            Node node = Graph.Nodes[Graph.Parameters[i].Node];
            int count = Graph.Parameters.Count(parameter => parameter.Node == node.Id);
            string type = $"global::Compiled.{node.Operation.WeightsType}";
            string shapes = string.Join(", ", Graph.Parameters.Skip(i).Take(count).Select(parameter => $"{parameter.Spec.Name} {parameter.Spec.Shape}"));
            string weights = string.Join(", ", Enumerable.Range(i, count).Select(index => $"Weights[{index}]"));
            i += count;
            // The analyzer reports a member of the user's half that has this name.
            if (_spec.Members.Contains(names[node.Id]))
                continue;
            _writer.Line();
            _writer.Line($"/// <summary>The weights of '{node.Name}' ({node.Operation.Title}): {shapes}.</summary>");
            _writer.Line($"public {type} {names[node.Id]} => new({weights});");
        }
    }

    private void WritePass(string name, System.Action body)
    {
        _writer.Line();
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
            WriteHeading(stage, withTrimming: true);
            Call(stage.Operation.Forward(stage));
            _writer.Line();
        }

        _writer.Line($"// {LossTitle}, its gradient and the metrics");
        Call(Loss(_layout.Logits, _layout.LogitsGradient));
    }

    private void WriteBackward()
    {
        bool first = true;
        foreach (StagePlan stage in BackwardStages)
        {
            if (!first)
                _writer.Line();
            first = false;
            WriteHeading(stage, withTrimming: false);
            Call(stage.Operation.Backward(stage));
        }
    }

    private void WritePredict()
    {
        WriteInference();
        if (_layout.Graph.SoftmaxInLoss)
            Call($"cn_softmax_forward(_softmax, State, {StagePlan.Value(_layout.PredictLogits)}, {StagePlan.Value(_layout.Output)})");
    }

    private void WriteEvaluate()
    {
        WriteInference();
        Call(Loss(_layout.PredictLogits, -1));
    }

    private void WriteInference()
    {
        foreach (StagePlan stage in _layout.Stages.Where(stage => !stage.Operation.IsTrainingOnly))
            Call(stage.Operation.Predict(stage));
    }

    private string Loss(long logits, long gradient) =>
        $"cn_loss_forward(_loss, State, {StagePlan.Value(logits)}, {StagePlan.Value(_layout.Target)}, {StagePlan.Value(gradient)}, Metrics)";

    private void WriteHeading(StagePlan stage, bool withTrimming)
    {
        _writer.Line($"// {stage.Stage.Number}  {stage.Title,-64} {stage.LogicalInput} → {stage.LogicalOutput}");
        if (withTrimming && stage.Trimmed.Length > 0)
            _writer.Line($"//    Computes {stage.Trimmed}");
    }

    private void Call(string call) => _writer.Line($"Check(Native.{call});");
}

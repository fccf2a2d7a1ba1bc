using System.Collections.Generic;
using System.Globalization;

namespace Compiled.Generators;

/// <summary>Normalization of each sample at each position over the last axis.</summary>
internal sealed record LayerNormalizationOperation(double Epsilon, bool Center, bool Scale) : Operation
{
    private const double DefaultEpsilon = 0.001;

    public override string Title => "LayerNormalization";

    public override string BaseName => "layer_normalization";

    public override string Canonical => $"{Title} epsilon {Number}{(Center ? "" : ", no center")}{(Scale ? "" : ", no scale")}";

    public override string WeightsType => "LayerNormalizationWeights";

    public override IReadOnlyList<string> WeightNames => ["gamma", "beta"];

    private string Number => Epsilon.ToString("R", CultureInfo.InvariantCulture);

    public static Operation Read(LayerArguments arguments) => new LayerNormalizationOperation(
        arguments.PositiveNumber("epsilon", DefaultEpsilon), arguments.Flag("center", true), arguments.Flag("scale", true));

    public override Shape Infer(Shape input, LayerPlace place) => input;

    public override EquatableArray<ParameterSpec> Parameters(Shape input)
    {
        List<ParameterSpec> all = [];
        if (Scale)
            all.Add(new ParameterSpec("gamma", new Shape(input.Last), "Ones", input.Last, input.Last));
        if (Center)
            all.Add(new ParameterSpec("beta", new Shape(input.Last), "Zeros", input.Last, input.Last));
        return all.ToEquatableArray();
    }

    public override SavedValues Saved(Epilogue epilogue) => SavedValues.Input | SavedValues.Codes;

    /// <remarks>The mean and the inverse deviation of each position.</remarks>
    public override long CodeBytes(Epilogue epilogue, Shape input, Shape output) => 2 * sizeof(float) * (input.Elements / input.Last);

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_layer_normalization_create, new cn_layer_normalization_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"positions = {stage.Output.Elements / stage.Output.Last}, features = {stage.Output.Last},");
        writer.Line($"epsilon = {Number}f, use_scale = {(Scale ? 1 : 0)}, use_center = {(Center ? 1 : 0)},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_layer_normalization_forward", stage.Field, $"x: {stage.X}, {Weights(stage)}", $"y: {stage.Y}, saved: {stage.Codes}");

    public override NativeCall Predict(StagePlan stage) =>
        new("cn_layer_normalization_forward", stage.Field, $"x: {stage.X}, {Weights(stage)}", $"y: {stage.Y}, saved: 0");

    public override NativeCall Backward(StagePlan stage) =>
        new(
            "cn_layer_normalization_backward", stage.Field,
            $"x: {stage.X}, gamma: {stage.Parameter("gamma")}, saved: {stage.Codes}, dy: {stage.Dy}",
            $"dx: {stage.Dx}, dgamma: {stage.Gradient("gamma")}, dbeta: {stage.Gradient("beta")}");

    private static string Weights(StagePlan stage) => $"gamma: {stage.Parameter("gamma")}, beta: {stage.Parameter("beta")}";
}

using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>A fully connected layer over the last axis, with a kernel [in, out], and its stage.</summary>
internal sealed record DenseOperation(long Units, bool UseBias) : KernelOperation(UseBias)
{
    public override string Title => $"Dense {Units}";

    public override string BaseName => "dense";

    public override string Canonical => $"{Title}{(UseBias ? "" : ", no bias")}";

    public override string WeightsType => UseBias ? "DenseWeights" : "KernelWeights";

    public override IReadOnlyList<string> WeightNames => UseBias ? ["kernel", "bias"] : ["kernel"];

    public static IReadOnlyList<Operation> Read(LayerArguments arguments) => ActivationOperation.After(
        new DenseOperation(arguments.Positive("units", 0), arguments.Flag("useBias", true)), arguments);

    public override Shape Infer(Shape input, LayerPlace place) =>
        new(input.Extents.Take(input.Rank - 1).Concat([Units]).ToEquatableArray());

    public override EquatableArray<ParameterSpec> Parameters(Shape input)
    {
        List<ParameterSpec> all = [new ParameterSpec("kernel", new Shape(input.Last, Units), "GlorotUniform", input.Last, Units)];
        if (UseBias)
            all.Add(new ParameterSpec("bias", new Shape(Units), "Zeros", Units, Units));
        return all.ToEquatableArray();
    }

    public override bool TakesEpilogue(Epilogue epilogue) => epilogue is { Add: null, Pool: null, Average: null };

    public override SavedValues Saved(Epilogue epilogue) => SavedValues.Input | SavedValues.Output;

    public override SavedValues SavedFrozen(Epilogue epilogue) => Saved(epilogue) & ~SavedValues.Input;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        WriteFold(writer, stage);
        writer.Line($"{stage.Field} = Create(cn_dense_create, new cn_dense_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"positions = {stage.Input.Elements / stage.Input.Last}, inputs = {stage.Input.Last}, units = {Units},");
        writer.Line($"{stage.Epilogue.ActivationCode}, use_bias = {BiasFlag},{stage.PrecisionCode}");
        if (stage.Epilogue.Dropout is { } dropout)
            writer.Line($"dropout_rate = {dropout.RateCode}, dropout_stream = {dropout.Stream},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_dense_forward", stage.Field, $"x: {stage.X}, {Weights(stage)}", $"y: {stage.Y}");

    public override NativeCall Predict(StagePlan stage) =>
        new("cn_dense_predict", stage.Field, $"x: {stage.X}, {Weights(stage)}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new(
            "cn_dense_backward", stage.Field, $"x: {stage.X}, kernel: {stage.Parameter("kernel")}, y: {stage.Y}, dy: {stage.Dy}",
            $"dx: {stage.Dx}, dkernel: {stage.Gradient("kernel")}, dbias: {stage.Gradient("bias")}");
}

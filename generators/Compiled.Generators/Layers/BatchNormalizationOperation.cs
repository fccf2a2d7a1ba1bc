using System.Collections.Generic;
using System.Globalization;

namespace Compiled.Generators;

/// <summary>Normalization of each channel over the batch and all positions, and its stage.</summary>
internal sealed record BatchNormalizationOperation(double Momentum, double Epsilon, bool Center, bool Scale, bool Frozen) : Operation
{
    /// <summary>What Keras takes where nothing is said.</summary>
    public static readonly BatchNormalizationOperation Default = new(0.99, 0.001, Center: true, Scale: true, Frozen: false);

    public override string Title => "BatchNormalization";

    public override string BaseName => "batch_normalization";

    public override string Canonical =>
        $"{Title} momentum {Number(Momentum)}, epsilon {Number(Epsilon)}{(Center ? "" : ", no center")}{(Scale ? "" : ", no scale")}";

    public override string WeightsType => "BatchNormalizationWeights";

    public override IReadOnlyList<string> WeightNames => ["gamma", "beta", "moving_mean", "moving_variance"];

    public static Operation Read(LayerArguments arguments) => new BatchNormalizationOperation(
        arguments.Number("momentum", Default.Momentum, 0, 1),
        arguments.PositiveNumber("epsilon", Default.Epsilon),
        arguments.Flag("center", true),
        arguments.Flag("scale", true),
        !arguments.Flag("trainable", true));

    public override Shape Infer(Shape input, LayerPlace place) => input;

    public override EquatableArray<ParameterSpec> Parameters(Shape input)
    {
        List<ParameterSpec> all = [];
        if (Scale)
            all.Add(Channels("gamma", "Ones", !Frozen));
        if (Center)
            all.Add(Channels("beta", "Zeros", !Frozen));
        all.Add(Channels("moving_mean", "Zeros", trainable: false));
        all.Add(Channels("moving_variance", "Ones", trainable: false));
        return all.ToEquatableArray();

        ParameterSpec Channels(string name, string initializer, bool trainable) =>
            new(name, new Shape(input.Last), initializer, input.Last, input.Last) { Trainable = trainable };
    }

    public override bool TakesEpilogue(Epilogue epilogue) => epilogue.Pool is null ? epilogue.Dropout is null : epilogue.Add is null;

    /// <remarks>Behind a pooling or an average, the codes know where a ReLU is dead.</remarks>
    public override SavedValues Saved(Epilogue epilogue)
    {
        bool needsOutput = epilogue is { Average: null, Activation: { } activation }
            && (epilogue.Pool is null || activation.Function != ActivationFunction.ReLU);
        return SavedValues.Input | SavedValues.Codes | (needsOutput ? SavedValues.Output : SavedValues.None);
    }

    /// <remarks>The moving statistics move with weights to train and without.</remarks>
    public override bool AlwaysNotes(Epilogue epilogue) => true;

    /// <remarks>
    /// The mean and the inverse deviation of each channel, once for all samples: as if a sample had them. Then those of a pooling or an average.
    /// </remarks>
    public override long CodeBytes(Epilogue epilogue, Shape input, Shape output) =>
        SavedBytes(input) + (epilogue.Pool is not null ? output.Elements : AveragesReLU(epilogue) ? input.Elements : 0);

    public override bool TakesMoments => !Frozen;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_batch_normalization_create, new cn_batch_normalization_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"positions = {stage.Input.Elements / stage.Input.Last}, channels = {stage.Input.Last},");
        writer.Line($"epsilon = {Number(Epsilon)}f, momentum = {Number(Momentum)}f,");
        writer.Line($"use_scale = {Flag(Scale)}, use_center = {Flag(Center)}, frozen = {Flag(Frozen)},");
        writer.Line($"{stage.Epilogue.ActivationCode},");
        if (stage.Epilogue.Add is not null)
            writer.Line($"use_addend = 1, addend_gradient = {stage.GradientModeOf(1)},");
        if (stage.Epilogue.Pool is { } pool)
        {
            writer.Line($"height = {stage.Input.Height}, width = {stage.Input.Width},");
            writer.Line($"output_height = {stage.Output.Height}, output_width = {stage.Output.Width},");
            pool.Window.Write(writer, "pool", stage.LogicalAnchor);
        }

        if (stage.Epilogue.Average is not null)
            writer.Line("global_average = 1,");
        if (stage.Epilogue.Dropout is { } dropout)
            writer.Line($"dropout_rate = {dropout.RateCode}, dropout_stream = {dropout.Stream},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new(
            "cn_batch_normalization_forward", stage.Field,
            $"x: {stage.X}, {Reads(stage)}, addend: {stage.Addend}, moments: {stage.Moments}",
            $"y: {stage.Y}, saved: {stage.Codes}, codes: {EpilogueCodes(stage)}");

    public override NativeCall Predict(StagePlan stage) =>
        new(
            "cn_batch_normalization_predict", stage.Field, $"x: {stage.X}, {Reads(stage)}, addend: {stage.Addend}",
            $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new(
            "cn_batch_normalization_backward", stage.Field,
            $"x: {stage.X}, gamma: {stage.Parameter("gamma")}, saved: {stage.Codes}, y: {stage.Y}, codes: {EpilogueCodes(stage)}, dy: {stage.Dy}",
            $"dx: {stage.Dx}, daddend: {stage.AddendGradient}, dgamma: {stage.Gradient("gamma")}, dbeta: {stage.Gradient("beta")}");

    private static long SavedBytes(Shape input) => 2 * sizeof(float) * input.Last;

    private static bool AveragesReLU(Epilogue epilogue) => epilogue is { Average: not null, Activation: not null };

    private static string EpilogueCodes(StagePlan stage) =>
        stage.Epilogue.Pool is null && !AveragesReLU(stage.Epilogue) ? "0" : StagePlan.Value(stage.Offsets.Codes + SavedBytes(stage.Input));

    /// <summary>What a normalization by moving statistics reads beside its input, as arguments.</summary>
    public static string Reads(StagePlan stage) =>
        $"gamma: {stage.Parameter("gamma")}, beta: {stage.Parameter("beta")}, " +
        $"movingMean: {stage.Parameter("moving_mean")}, movingVariance: {stage.Parameter("moving_variance")}";

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static int Flag(bool value) => value ? 1 : 0;
}

using System.Collections.Generic;
using System.Globalization;

namespace Compiled.Generators;

/// <summary>An element-wise activation, alone or as an epilogue.</summary>
/// <param name="Function">The function.</param>
/// <param name="Alpha">Its parameter, where it has one.</param>
/// <param name="Upper">The limit of a clipped ReLU.</param>
/// <param name="Threshold">The threshold of a clipped ReLU, or of a threshold.</param>
/// <param name="Value">What a threshold gives below.</param>
internal sealed record ActivationOperation(
    ActivationFunction Function, double Alpha, double Upper = 0, double Threshold = 0, double Value = 0) : Operation
{
    private const int SoftmaxMember = 4;
    private const int LogSoftmaxMember = (int)ActivationFunction.SparseSigmoid + 2;
    private const int SparsemaxMember = LogSoftmaxMember + 1;
    private const int GLUMember = SparsemaxMember + 1;
    private const int Members = GLUMember + 1; // of Compiled.Activation

    public ActivationOperation(ActivationFunction function)
        : this(function, function.DefaultAlpha())
    {
    }

    public override string Title => Function == ActivationFunction.ClippedReLU ? "ReLU" : Function.ToString();

    public override string BaseName => Function.KerasName();

    public override string Canonical => Function switch
    {
        ActivationFunction.ClippedReLU => $"ReLU slope {Number(Alpha)}, limit {Number(Upper)}, threshold {Number(Threshold)}",
        ActivationFunction.Threshold => $"Threshold {Number(Threshold)}, value {Number(Value)}",
        _ when HasAlpha => $"{Title} {Number(Alpha)}",
        _ => Title,
    };

    public override bool IsView => Function == ActivationFunction.Linear;

    public bool HasAlpha => Function == ActivationFunction.ClippedReLU || Function.DefaultAlpha() != 0;

    /// <summary>The parameter as code.</summary>
    public string AlphaCode => Code(Alpha);

    public static Operation Read(LayerArguments arguments) => Member(arguments.Choice("activation", Members));

    /// <summary>The property 'Activation' of another layer; null where there is none to apply.</summary>
    public static Operation? ReadProperty(LayerArguments arguments)
    {
        int member = arguments.Choice("activation", Members);
        return member == 0 ? null : Member(member);
    }

    /// <summary>A layer, and what its property 'Activation' does to its output.</summary>
    public static IReadOnlyList<Operation> After(Operation layer, LayerArguments arguments) =>
        ReadProperty(arguments) is { } activation ? [layer, activation] : [layer];

    /// <summary>[ReLU] with the parameters of Keras.</summary>
    public static Operation ReadReLU(LayerArguments arguments)
    {
        double slope = arguments.Number("negativeSlope", 0, 0, float.MaxValue);
        double upper = arguments.Number("maxValue", double.PositiveInfinity, 0, double.PositiveInfinity);
        double threshold = arguments.Number("threshold", 0, 0, float.MaxValue);
        return (slope, upper, threshold) switch
        {
            (0, double.PositiveInfinity, 0) => new ActivationOperation(ActivationFunction.ReLU),
            (_, double.PositiveInfinity, 0) => new ActivationOperation(ActivationFunction.LeakyReLU, slope),
            (0, 6, 0) => new ActivationOperation(ActivationFunction.ReLU6),
            _ => new ActivationOperation(ActivationFunction.ClippedReLU, slope, upper, threshold),
        };
    }

    /// <summary>[LeakyReLU], whose slope differs from that of the function (Keras).</summary>
    public static Operation ReadLeakyReLU(LayerArguments arguments) =>
        new ActivationOperation(ActivationFunction.LeakyReLU, arguments.Number("negativeSlope", 0.3, 0, float.MaxValue));

    public static Operation ReadThreshold(LayerArguments arguments) => new ActivationOperation(
        ActivationFunction.Threshold, 0, 0,
        arguments.Number("threshold", 0, float.MinValue, float.MaxValue), arguments.Number("value", 0, float.MinValue, float.MaxValue));

    public static Operation ReadELU(LayerArguments arguments) =>
        new ActivationOperation(ActivationFunction.ELU, arguments.PositiveNumber("alpha", 1));

    public override Shape Infer(Shape input, LayerPlace place) => input;

    /// <remarks>Element by element: input and output are stored alike.</remarks>
    public override bool CanTrim => true;

    public override bool IsElementwise => true;

    public override Shape LiveInput(Shape input, long height, long width) => new(height, width, input.Last);

    /// <remarks>
    /// After a pooling only ReLU may still join: the stage computes it before, and the maximum of ReLUs is the ReLU of the maximum to the
    /// last bit, gradient included.
    /// </remarks>
    public override Epilogue? Join(Epilogue epilogue) =>
        Function.IsKnownByOutput() && epilogue is { Activation: null, Average: null, Dropout: null }
        && (epilogue.Pool is null || Function == ActivationFunction.ReLU)
            ? epilogue with { Activation = this }
            : null;

    public override SavedValues Saved(Epilogue epilogue) => Function.IsKnownByOutput() ? SavedValues.Output : SavedValues.Input;

    /// <summary>Writes the op of a function without parameters that belongs to no stage.</summary>
    public static void WriteCreate(CodeWriter writer, string field, ActivationFunction function, Shape shape, string mode)
    {
        writer.Line($"{field} = Create(cn_activation_create, new cn_activation_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"activation = (int)cn_activation.{function.Constant()}, count = {shape.Elements}, input_gradient = {mode},");
        writer.Close("});");
    }

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_activation_create, new cn_activation_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"input_gradient = {stage.GradientModeCode},");
        writer.Line($"activation = (int)cn_activation.{Function.Constant()}, count = {stage.Output.Elements},");
        if (HasAlpha)
            writer.Line($"alpha = {AlphaCode},");
        if (Function == ActivationFunction.ClippedReLU)
            writer.Line($"upper = {Code(Upper)}, threshold = {Code(Threshold)},");
        if (Function == ActivationFunction.Threshold)
            writer.Line($"threshold = {Code(Threshold)}, value = {Code(Value)},");
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_activation_forward", stage.Field, $"x: {stage.X}", $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) => Function.IsKnownByOutput()
        ? new("cn_activation_backward", stage.Field, $"x: 0, y: {stage.Y}, dy: {stage.Dy}", $"dx: {stage.Dx}")
        : new("cn_activation_backward", stage.Field, $"x: {stage.X}, y: 0, dy: {stage.Dy}", $"dx: {stage.Dx}");

    private static Operation Member(int member) => member switch
    {
        SoftmaxMember => new SoftmaxOperation(),
        LogSoftmaxMember => new RowActivationOperation(RowFunction.LogSoftmax),
        SparsemaxMember => new RowActivationOperation(RowFunction.Sparsemax),
        GLUMember => new GLUOperation(),
        _ => new ActivationOperation((ActivationFunction)(member < SoftmaxMember ? member : member - 1)),
    };

    private static string Code(double value) => double.IsPositiveInfinity(value) ? "float.PositiveInfinity" : Number(value) + "f";

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}

using System.Linq;

namespace Compiled.Generators;

/// <summary>The sum of values of one shape, alone or as an epilogue: y = activation(x₀ + x₁ + …).</summary>
internal sealed record AddOperation : Operation
{
    public override string Title => "Add";

    public override string BaseName => "add";

    public static Operation Read(LayerArguments arguments)
    {
        JoinCode.RequireInputs(arguments);
        return new AddOperation();
    }

    public override Shape? Infer(EquatableArray<Shape> inputs, LayerPlace place)
    {
        Shape first = inputs[0];
        return inputs.All(input => input == first) ? first : place.JoinMismatch(
            inputs, "adds values of one shape", "let the branches end with as many channels, and with the same strides and padding");
    }

    public override Epilogue? Join(Epilogue epilogue) => epilogue == Epilogue.None ? epilogue with { Add = this } : null;

    public override bool TakesEpilogue(Epilogue epilogue) =>
        epilogue is { Add: null, Pool: null, Average: null, Dropout: null };

    public override SavedValues Saved(Epilogue epilogue) => epilogue.Activation is null ? SavedValues.None : SavedValues.Output;

    public override void WriteCreate(CodeWriter writer, StagePlan stage)
    {
        writer.Line($"{stage.Field} = Create(cn_add_create, new cn_add_desc");
        writer.Open();
        writer.Line("batch = BatchSize,");
        writer.Line($"{stage.Epilogue.ActivationCode}, count = {stage.Output.Elements},");
        JoinCode.WriteInputs(writer, stage);
        writer.Close("});");
    }

    public override NativeCall Forward(StagePlan stage) =>
        new("cn_add_forward", stage.Field, JoinCode.Arguments("x", stage.Offsets.X), $"y: {stage.Y}");

    public override NativeCall Backward(StagePlan stage) =>
        new(
            "cn_add_backward", stage.Field, $"y: {(stage.Epilogue.Activation is null ? "0" : stage.Y)}, dy: {stage.Dy}",
            JoinCode.Arguments("dx", stage.Offsets.Dx));
}

namespace Compiled.Generators;

/// <summary>The activation that is part of the loss; in prediction it is a call of its own.</summary>
/// <param name="Operation">The activation.</param>
internal sealed record LossHead(Operation Operation)
{
    /// <summary>The field that holds the op.</summary>
    public string Field => IsSoftmax ? "_softmax" : "_sigmoid";

    public string Title => Operation.Title;

    private bool IsSoftmax => Operation is SoftmaxOperation;

    public void WriteCreate(CodeWriter writer, Shape shape)
    {
        const string Mode = "(int)cn_gradient_mode.CN_GRADIENT_NONE";
        if (IsSoftmax)
            SoftmaxOperation.WriteCreate(writer, Field, shape, Mode);
        else
            ActivationOperation.WriteCreate(writer, Field, ActivationFunction.Sigmoid, shape, Mode);
    }

    public NativeCall Predict(long logits, long output) =>
        new(IsSoftmax ? "cn_softmax_forward" : "cn_activation_forward", Field, $"x: {StagePlan.Value(logits)}", $"y: {StagePlan.Value(output)}");
}

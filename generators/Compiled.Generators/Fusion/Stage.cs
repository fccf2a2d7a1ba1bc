using System.Linq;

namespace Compiled.Generators;

/// <summary>What a backward call does with the gradient of an input; as cn_gradient_mode.</summary>
internal enum GradientMode
{
    None,
    Overwrite,
    Accumulate,
}

/// <summary>An anchor and its epilogue: one native call forward and one backward.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Nodes">The nodes in it, in order.</param>
/// <param name="Anchor">The node that the others go with.</param>
/// <param name="Framing">What is padded, cut off or joined before the anchor.</param>
/// <param name="Epilogue">What is done to the anchor's result.</param>
/// <param name="Inputs">The values it reads: the anchor's, before its framing, then what the epilogue adds.</param>
/// <param name="Output">The value it makes.</param>
/// <param name="HasBackward">Whether it has a backward call.</param>
/// <param name="InputModes">What that does with the gradient of each input.</param>
internal sealed record Stage(
    int Number,
    EquatableArray<int> Nodes,
    int Anchor,
    Framing Framing,
    Epilogue Epilogue,
    EquatableArray<int> Inputs,
    int Output,
    bool HasBackward,
    EquatableArray<GradientMode> InputModes)
{
    public int Input => Inputs[0];

    public bool WantsInputGradient => InputModes.Any(mode => mode != GradientMode.None);
}

/// <summary>A network as stages.</summary>
/// <param name="Training">The graph with its gradients.</param>
/// <param name="Options">What holds for the whole model.</param>
/// <param name="Stages">The stages in order, without the loss.</param>
/// <param name="Backward">The numbers of the stages in the order of the backward pass.</param>
/// <param name="Stored">The shape in which each value is stored: rows and columns at the end that nobody reads are left out.</param>
/// <param name="AnchorStored">The shape of each stage's anchor, before pooling.</param>
/// <param name="Logits">The value that the loss reads: with a fused head the input of that activation.</param>
/// <param name="Head">The softmax or sigmoid that is part of the loss, if one is.</param>
internal sealed record StageGraph(
    TrainingGraph Training,
    ModelOptions Options,
    EquatableArray<Stage> Stages,
    EquatableArray<int> Backward,
    EquatableArray<Shape> Stored,
    EquatableArray<Shape> AnchorStored,
    int Logits,
    LossHead? Head)
{
    public Graph Graph => Training.Graph;

    /// <summary>Whether the loss writes the probabilities that it makes of logits: metrics read them.</summary>
    public bool NeedsProbabilities =>
        Graph.Metrics.Count > 0 && (Head is not null || Graph.Loss.Operation is LossOperation { FromLogits: true });
}

using System;
using System.Collections.Generic;

namespace Compiled.Generators;

/// <summary>
/// What a layer does: its shape rule, its weights, and, where it is the anchor of a stage, how the stage is made and called. One
/// file in Layers holds all that is to be known of a kind.
/// </summary>
internal abstract record Operation
{
    /// <summary>What it is called in messages and comments, e.g. <c>Conv2D 3×3 same</c>.</summary>
    public abstract string Title { get; }

    /// <summary>The Keras name that automatic numbering goes by, e.g. <c>conv2d</c>.</summary>
    public abstract string BaseName { get; }

    /// <summary>All that makes two operations the same, for the canonical text of the graph.</summary>
    public virtual string Canonical => Title;

    /// <summary>Whether the output is the input under another shape or name.</summary>
    public virtual bool IsView => false;

    /// <summary>Whether the layer does nothing in prediction.</summary>
    public virtual bool IsTrainingOnly => false;

    /// <summary>The output's shape, or null after an issue was reported.</summary>
    public virtual Shape? Infer(EquatableArray<Shape> inputs, LayerPlace place) => Infer(inputs[0], place);

    /// <summary>The same for what reads one value.</summary>
    public virtual Shape? Infer(Shape input, LayerPlace place) => throw new InvalidOperationException(Title);

    /// <summary>The weights.</summary>
    public virtual EquatableArray<ParameterSpec> Parameters(Shape input) => EquatableArray<ParameterSpec>.Empty;

    /// <summary>The type of the generated member for the weights.</summary>
    public virtual string? WeightsType => null;

    /// <summary>The names of the weights in the order in which that type takes them; those that a layer does without are null there.</summary>
    public virtual IReadOnlyList<string> WeightNames => [];

    /// <summary>Whether each element of the output comes from the one at the same place in the input.</summary>
    public virtual bool IsElementwise => false;

    /// <summary>Whether it can compute the first rows and columns of its output alone.</summary>
    public virtual bool CanTrim => false;

    /// <summary>How many rows and columns of the input the given rows and columns of the output need.</summary>
    public virtual Shape LiveInput(Shape input, long height, long width) => input;

    /// <summary>
    /// How far windows reach beyond the input, where they can also take in what is padded or cut off before: what they find beyond an image
    /// then counts as zero. Below 0 where they leave some of it out; null where there is no such window.
    /// </summary>
    public virtual Margins? Reach(Shape input) => null;

    /// <summary>Whether its windows can read parts of an image that are enlarged and joined before.</summary>
    public virtual bool TakesJoined => false;

    /// <summary>The epilogue after this operation joined a stage, or null where it cannot.</summary>
    public virtual Epilogue? Join(Epilogue epilogue) => null;

    /// <summary>Whether a stage can begin with this operation and take an epilogue.</summary>
    public virtual bool TakesEpilogue(Epilogue epilogue) => epilogue == Epilogue.None;

    /// <summary>The same in prediction, where it need not give a gradient.</summary>
    public virtual bool TakesInPrediction(Epilogue epilogue) => TakesEpilogue(epilogue);

    /// <summary>What computes this and then a normalization by its moving statistics, for prediction; null where nothing does.</summary>
    public virtual Operation? Fold(BatchNormalizationOperation normalization) => null;

    /// <summary>Which values the backward call reads.</summary>
    public virtual SavedValues Saved(Epilogue epilogue) => SavedValues.None;

    /// <summary>The same where the weights have no gradients.</summary>
    public virtual SavedValues SavedFrozen(Epilogue epilogue) => Saved(epilogue);

    /// <summary>Whether the forward call of training needs room for its codes even where no backward call reads them.</summary>
    public virtual bool AlwaysNotes(Epilogue epilogue) => false;

    /// <summary>The bytes per sample of the codes, where they are saved.</summary>
    public virtual long CodeBytes(Epilogue epilogue, Shape input, Shape output) => output.Elements;

    /// <summary>Whether a stage that begins with this operation can note the moments of each channel of its result.</summary>
    public virtual bool CanGiveMoments => false;

    /// <summary>Whether training reads the moments of each channel of the input.</summary>
    public virtual bool TakesMoments => false;

    /// <summary>The expression that makes the native op.</summary>
    public virtual void WriteCreate(CodeWriter writer, StagePlan stage) => throw new InvalidOperationException(Title);

    /// <summary>The native call of the training pass.</summary>
    public virtual NativeCall Forward(StagePlan stage) => throw new InvalidOperationException(Title);

    /// <summary>The native call that prepares prediction when weights have changed; null where there is none.</summary>
    public virtual NativeCall? Prepare(StagePlan stage) => null;

    /// <summary>The native call of prediction.</summary>
    public virtual NativeCall Predict(StagePlan stage) => Forward(stage);

    /// <summary>The native call of the backward pass.</summary>
    public virtual NativeCall Backward(StagePlan stage) => throw new InvalidOperationException(Title);
}

/// <summary>What is kept from the forward for the backward pass.</summary>
[Flags]
internal enum SavedValues
{
    None = 0,
    Input = 1,
    Output = 2,

    /// <summary>What the forward call notes for the backward call, of a meaning that the two share.</summary>
    Codes = 4,
}

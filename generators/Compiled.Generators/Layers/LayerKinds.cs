using System;
using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>A layer attribute that Compiled knows.</summary>
/// <param name="Name">The attribute without namespace and suffix.</param>
/// <param name="Read">Reads its arguments: what it does, one thing after the other.</param>
internal sealed record LayerKind(string Name, Func<LayerArguments, IReadOnlyList<Operation>> Read)
{
    public LayerKind(string name, Func<LayerArguments, Operation> read)
        : this(name, arguments => (IReadOnlyList<Operation>)[read(arguments)])
    {
    }
}

/// <summary>All of them, except the input.</summary>
internal static class LayerKinds
{
    private const string Namespace = "Compiled.";

    private static readonly HashSet<string> Losses = new(LossKinds.All.Select(loss => Namespace + loss), StringComparer.Ordinal);

    private static readonly Dictionary<string, LayerKind> ByName = new LayerKind[]
    {
        new("Add", AddOperation.Read),
        new("Concatenate", ConcatenateOperation.Read),
        new("BatchNormalization", BatchNormalizationOperation.Read),
        new("LayerNormalization", LayerNormalizationOperation.Read),
        new("Conv2D", Conv2DOperation.Read),
        new("DepthwiseConv2D", DepthwiseConv2DOperation.Read),
        new("SeparableConv2D", SeparableConv2DOperation.Read),
        new("Conv2DTranspose", Conv2DTransposeOperation.Read),
        new("MaxPooling2D", MaxPooling2DOperation.Read),
        new("AveragePooling2D", AveragePooling2DOperation.Read),
        new("GlobalAveragePooling2D", arguments => GlobalPooling2DOperation.Read(arguments, isMax: false)),
        new("GlobalMaxPooling2D", arguments => GlobalPooling2DOperation.Read(arguments, isMax: true)),
        new("UpSampling2D", UpSampling2DOperation.Read),
        new("ZeroPadding2D", Padding2DOperation.ReadPadding),
        new("Cropping2D", Padding2DOperation.ReadCropping),
        new("Reshape", ReshapeOperation.Read),
        new("Dropout", arguments => DropoutOperation.Read(arguments, isSpatial: false)),
        new("SpatialDropout2D", arguments => DropoutOperation.Read(arguments, isSpatial: true)),
        new("GaussianNoise", GaussianNoiseOperation.Read),
        new("ActivityRegularization", ActivityRegularizationOperation.Read),
        new("Flatten", _ => new FlattenOperation()),
        new("Dense", DenseOperation.Read),
        new("Activation", ActivationOperation.Read),
        new("Linear", _ => new ActivationOperation(ActivationFunction.Linear)),
        new("ReLU", ActivationOperation.ReadReLU),
        new("LeakyReLU", ActivationOperation.ReadLeakyReLU),
        new("ELU", ActivationOperation.ReadELU),
        new("Sigmoid", _ => new ActivationOperation(ActivationFunction.Sigmoid)),
        new("Tanh", _ => new ActivationOperation(ActivationFunction.Tanh)),
        new("Threshold", ActivationOperation.ReadThreshold),
        new("Softmax", _ => new SoftmaxOperation()),
        new("LogSoftmax", _ => new RowActivationOperation(RowFunction.LogSoftmax)),
        new("Sparsemax", _ => new RowActivationOperation(RowFunction.Sparsemax)),
        new("GLU", _ => new GLUOperation()),
    }.Concat(LossKinds.All.Select(loss => new LayerKind(loss.ToString(), arguments => LossOperation.Read(loss, arguments))))
    .ToDictionary(kind => Namespace + kind.Name, StringComparer.Ordinal);

    public static LayerKind? Find(string kind) => ByName.TryGetValue(kind, out LayerKind found) ? found : null;

    public static bool IsLoss(string kind) => Losses.Contains(kind);
}

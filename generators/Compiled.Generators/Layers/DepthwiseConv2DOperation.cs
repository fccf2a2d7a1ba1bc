using System.Collections.Generic;

namespace Compiled.Generators;

/// <summary>Convolution of each channel with kernels of its own, [height, width, channels, multiplier]: one group per channel.</summary>
internal sealed record DepthwiseConv2DOperation(long Channels, long Multiplier, Window Window, bool UseBias)
    : Conv2DOperation(Shape.Multiply(Channels, Multiplier), Window, UseBias, Channels)
{
    public override string Title => $"DepthwiseConv2D {Window.Title}{(Multiplier == 1 ? "" : $" multiplier {Multiplier}")}";

    public override string BaseName => "depthwise_conv2d";

    protected override string KernelName => "depthwise_kernel";

    public static new IReadOnlyList<Operation> Read(LayerArguments arguments) => ActivationOperation.After(
        new DepthwiseConv2DOperation(
            arguments.Input.Last, arguments.Positive("depthMultiplier", 1), Window.ReadConvolution(arguments),
            arguments.Flag("useBias", true)),
        arguments);

    protected override (long Rows, long Columns) KernelMatrix(Shape input) => (Channels, Multiplier);
}

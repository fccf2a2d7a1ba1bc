using System.Collections.Generic;

namespace Compiled.Generators;

/// <summary>
/// The first part of a separable convolution: each channel with kernels of its own. The second is a convolution of 1×1, with the bias. Both
/// have their weights in one member.
/// </summary>
internal sealed record SeparableConv2DOperation(long Channels, long Multiplier, Window Window)
    : Conv2DOperation(Shape.Multiply(Channels, Multiplier), Window, UseBias: false, Channels)
{
    public override string Title => $"SeparableConv2D {Window.Title}{(Multiplier == 1 ? "" : $" multiplier {Multiplier}")}";

    public override string BaseName => "separable_conv2d";

    public override string WeightsType => "SeparableConv2DWeights";

    public override IReadOnlyList<string> WeightNames => [KernelName, PointwiseOperation.Kernel, "bias"];

    protected override string KernelName => "depthwise_kernel";

    public static new IReadOnlyList<Operation> Read(LayerArguments arguments)
    {
        long filters = arguments.Channels("filters");
        var depthwise = new SeparableConv2DOperation(
            arguments.Input.Last, arguments.Positive("depthMultiplier", 1), Window.ReadConvolution(arguments));
        var pointwise = new PointwiseOperation(filters, arguments.Flag("useBias", true));
        return [depthwise, .. ActivationOperation.After(pointwise, arguments)];
    }

    protected override (long Rows, long Columns) KernelMatrix(Shape input) => (Channels, Multiplier);

    private sealed record PointwiseOperation(long Filters, bool UseBias)
        : Conv2DOperation(Filters, new Window(1, 1, 1, 1, Same: false), UseBias)
    {
        public const string Kernel = "pointwise_kernel";

        public override string BaseName => "pointwise";

        public override string? WeightsType => null;

        protected override string KernelName => Kernel;
    }
}

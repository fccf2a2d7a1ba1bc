using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Compiled.PeerBenchmarks;

/// <summary>The networks of the examples in TorchSharp, with the defaults of Keras.</summary>
internal static class TorchNets
{
    // Of normalizations; what Keras calls a momentum of 0.99.
    private const double Epsilon = 1e-3;
    private const double Momentum = 0.01;

    public static TorchNet Plain() => new(
        Sequential(
            Conv2d(3, 32, 3, padding: 1), ReLU(),
            Conv2d(32, 32, 3), ReLU(), MaxPool2d(2), Dropout(0.25),
            Conv2d(32, 64, 3, padding: 1), ReLU(),
            Conv2d(64, 64, 3), ReLU(), MaxPool2d(2), Dropout(0.25)),
        Head());

    public static TorchNet Normalized() => new(
        Sequential(
            Convolution(3, 32), ReLU(),
            Convolution(32, 32, padding: 0), ReLU(), MaxPool2d(2),
            Convolution(32, 64), ReLU(),
            Convolution(64, 64, padding: 0), ReLU(), MaxPool2d(2)),
        Sequential(
            Linear(6 * 6 * 64, 512, hasBias: false), BatchNorm1d(512, eps: Epsilon, momentum: Momentum), ReLU(), Dropout(0.5), Linear(512, 10)));

    public static TorchNet ResNet18() => new(
        Sequential(
            Convolution(3, 64), ReLU(),
            Keeping(64), Keeping(64), Halving(64), Keeping(128), Halving(128), Keeping(256), Halving(256), Keeping(512),
            AdaptiveAvgPool2d(1)),
        Sequential(Linear(512, 10)));

    private static Module<Tensor, Tensor> Head() => Sequential(Linear(6 * 6 * 64, 512), ReLU(), Dropout(0.5), Linear(512, 10));

    private static TorchResidual Keeping(int channels) => new(Body(channels, channels, stride: 1), shortcut: null);

    private static TorchResidual Halving(int channels) =>
        new(Body(channels, 2 * channels, stride: 2), Convolution(channels, 2 * channels, extent: 1, stride: 2, padding: 0));

    private static Module<Tensor, Tensor> Body(int inputs, int outputs, int stride) =>
        Sequential(Convolution(inputs, outputs, stride: stride), ReLU(), Convolution(outputs, outputs));

    private static Module<Tensor, Tensor> Convolution(int inputs, int outputs, int extent = 3, int stride = 1, int padding = 1) => Sequential(
        Conv2d(inputs, outputs, extent, stride: stride, padding: padding, bias: false), BatchNorm2d(outputs, eps: Epsilon, momentum: Momentum));
}

/// <summary>What a body makes of the input, plus the input; where the two differ in shape, what a shortcut makes of it.</summary>
internal sealed class TorchResidual : Module<Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor> _body;
    private readonly Module<Tensor, Tensor>? _shortcut;

    public TorchResidual(Module<Tensor, Tensor> body, Module<Tensor, Tensor>? shortcut)
        : base(nameof(TorchResidual))
    {
        (_body, _shortcut) = (body, shortcut);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input) => (_body.forward(input) + (_shortcut?.forward(input) ?? input)).relu();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _body.Dispose();
            _shortcut?.Dispose();
        }

        base.Dispose(disposing);
    }
}

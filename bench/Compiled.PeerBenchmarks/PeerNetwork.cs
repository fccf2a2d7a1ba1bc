namespace Compiled.PeerBenchmarks;

/// <summary>A network that every side has.</summary>
/// <param name="Title">What it is, in words.</param>
/// <param name="Fused">Makes it for a device and a number of images.</param>
/// <param name="Unfused">The same with one stage per layer.</param>
/// <param name="Torch">The same in TorchSharp. A name of a method: only that side's process loads the library.</param>
internal sealed record PeerNetwork(string Title, Func<Device, int, Model> Fused, Func<Device, int, Model> Unfused, Func<object> Torch)
{
    private static readonly Dictionary<string, PeerNetwork> All = new()
    {
        ["plain"] = new(
            "CIFAR-10 network", (device, batch) => new Examples.Cifar10Net(device, batch), (device, batch) => new Examples.UnfusedCifar10Net(device, batch),
            static () => TorchNets.Plain()),
        ["normalized"] = new(
            "CIFAR-10 network with batch normalization", (device, batch) => new Examples.NormalizedNet(device, batch),
            (device, batch) => new Examples.UnfusedNormalizedNet(device, batch), static () => TorchNets.Normalized()),
        ["resnet18"] = new(
            "ResNet-18 for 32×32 images", (device, batch) => new Examples.ResNet18(device, batch), (device, batch) => new Examples.UnfusedResNet18(device, batch),
            static () => TorchNets.ResNet18()),
    };

    public static IEnumerable<string> Names => All.Keys;

    public static PeerNetwork Named(string name) => All[name];
}

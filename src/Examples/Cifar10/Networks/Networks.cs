namespace Compiled.Examples;

/// <summary>The networks that the command line can name.</summary>
internal static class Networks
{
    private static readonly Dictionary<string, Maker> Makers = new()
    {
        ["plain"] = Of((device, batch, seed) => new Cifar10Net(device, batch, seed), (device, batch, seed) => new UnfusedCifar10Net(device, batch, seed)),
        ["normalized"] = Of((device, batch, seed) => new NormalizedNet(device, batch, seed), (device, batch, seed) => new UnfusedNormalizedNet(device, batch, seed)),
        ["resnet9"] = Of((device, batch, seed) => new ResNet9(device, batch, seed), (device, batch, seed) => new UnfusedResNet9(device, batch, seed)),
        ["resnet18"] = Of((device, batch, seed) => new ResNet18(device, batch, seed), (device, batch, seed) => new UnfusedResNet18(device, batch, seed)),
    };

    private delegate Model Maker(bool unfused, Device device, int batchSize, ulong seed);

    public static IEnumerable<string> Names => Makers.Keys;

    public static Model Create(string name, bool unfused, Device device, int batchSize, ulong seed) =>
        Makers[name](unfused, device, batchSize, seed);

    private static Maker Of(Func<Device, int, ulong, Model> fused, Func<Device, int, ulong, Model> unfused) =>
        (isUnfused, device, batchSize, seed) => (isUnfused ? unfused : fused)(device, batchSize, seed);
}

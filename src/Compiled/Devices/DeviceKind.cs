namespace Compiled;

/// <summary>What a <see cref="Device"/> is.</summary>
public enum DeviceKind
{
    /// <summary>The processor.</summary>
    Cpu = Interop.cn_device.CN_DEVICE_CPU,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda = Interop.cn_device.CN_DEVICE_CUDA,
}

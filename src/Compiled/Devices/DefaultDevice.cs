using System.Globalization;

namespace Compiled;

/// <summary>How <see cref="Device.Default"/> is found: what the environment asks for, else a GPU that can be used, else the processor.</summary>
internal sealed class DefaultDevice
{
    private const string Variable = "COMPILED_DEVICE";

    private static readonly Lazy<DefaultDevice> LazyInstance = new(Find);

    private DefaultDevice(Device device, string reason)
    {
        Device = device;
        Reason = reason;
    }

    public static DefaultDevice Instance => LazyInstance.Value;

    public Device Device { get; }

    /// <summary>Why it is this one.</summary>
    public string Reason { get; }

    private static DefaultDevice Find()
    {
        string wish = Environment.GetEnvironmentVariable(Variable) ?? "";
        if (wish is "" or "auto")
            return FindBest();
        string reason = $"{Variable} is {wish}";
        if (wish == "cpu")
            return new DefaultDevice(Device.MakeCpu(isDefault: true), reason);
        if (wish == "cuda")
            return new DefaultDevice(Device.MakeCuda(0, isDefault: true), reason);
        if (wish.StartsWith("cuda:", StringComparison.Ordinal)
            && int.TryParse(wish.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal))
            return new DefaultDevice(Device.MakeCuda(ordinal, isDefault: true), reason);
        throw new CompiledException($"{Variable} is '{wish}': it must be auto, cpu, cuda, or cuda:N with the number of a GPU from 0.");
    }

    private static DefaultDevice FindBest()
    {
        try
        {
            return new DefaultDevice(Device.MakeCuda(0, isDefault: true), "the first GPU");
        }
        catch (CompiledException fault) when (fault.Status == CompiledStatus.Unsupported)
        {
            return new DefaultDevice(Device.MakeCpu(isDefault: true), $"the CPU: {fault.Reason}");
        }
    }
}

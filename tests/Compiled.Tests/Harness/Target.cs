namespace Compiled.Tests;

/// <summary>What ops and models are tested on: the CPU with one of its instruction sets, or CUDA, as a rule simulated on the CPU.</summary>
/// <param name="Kind">The device.</param>
/// <param name="InstructionSet">Of the CPU.</param>
/// <param name="Schedule">The order in which the simulator runs the threads of a block; null for its own, or on a real device.</param>
public sealed record Target(DeviceKind Kind, InstructionSet InstructionSet, string? Schedule = null)
{
    /// <summary>The products that a test may ask of a simulated device, which computes some hundred million a second.</summary>
    private const long Affordable = 4_000_000;

    public static Target Cuda { get; } = new(DeviceKind.Cuda, InstructionSet.Best);

    /// <summary>The instruction sets of this machine and build; the 16-lane code stands in for AVX-512 where that is missing.</summary>
    public static IReadOnlyList<Target> Processors { get; } = [.. Enum.GetValues<InstructionSet>()
        .Where(set => set != InstructionSet.Best)
        .Select(set => new Target(DeviceKind.Cpu, set))
        .Where(target => target.Exists())];

    /// <summary>All that is there: CUDA where its library can be loaded and finds a device.</summary>
    public static IReadOnlyList<Target> All { get; } = Cuda.Exists() ? [.. Processors, Cuda] : Processors;

    /// <summary>The same, with simulated CUDA once for each order of its threads: correct kernels give the same bits in all of them.</summary>
    public static IReadOnlyList<Target> Scheduled { get; } = Simulator.IsThere
        ? [.. Processors, .. Simulator.Schedules.Select(schedule => Cuda with { Schedule = schedule })]
        : All;

    public static bool HasCuda => All.Contains(Cuda);

    /// <summary>
    /// Whether a fused stage gives the bits of its layers one by one. On CUDA the fused and the plain stage may be computed by different
    /// kernels, which add in different orders.
    /// </summary>
    public bool FusesExactly => Kind == DeviceKind.Cpu;

    /// <summary>The targets on which a test can be run that needs so many products.</summary>
    public static IEnumerable<Target> Affording(long products) => products <= Affordable ? All : Processors;

    public static Target Named(string name) => All.Concat(Scheduled).First(target => target.ToString() == name);

    /// <summary>Those numbers of threads that make a difference here.</summary>
    public int[] ThreadCounts(params int[] counts) => Kind == DeviceKind.Cpu ? counts : [1];

    /// <summary>A device of this target. The order of the threads holds for all simulated devices from now on.</summary>
    public Device MakeDevice(int threads = 1)
    {
        if (Schedule is not null)
            Simulator.Set(Schedule);
        return Kind == DeviceKind.Cpu ? Device.Cpu(threads, InstructionSet) : Device.Cuda();
    }

    public override string ToString() => Kind == DeviceKind.Cpu ? $"{InstructionSet}" : Schedule is null ? "CUDA" : $"CUDA {Schedule}";

    private bool Exists()
    {
        try
        {
            MakeDevice().Dispose();
            return true;
        }
        catch (CompiledException fault) when (fault.Status == CompiledStatus.Unsupported)
        {
            return false;
        }
    }
}

namespace Compiled.Misuse;

/// <summary>
/// Does what no program should, one scenario per process, so that a process that dies takes no test runner with it. Exit code 0: the
/// library answered everything as documented.
/// </summary>
internal static class Program
{
    private static readonly Dictionary<string, Action> Scenarios = new()
    {
        ["load"] = Loading.Load,
        ["dispose-while-training"] = Lifetimes.DisposeWhileTraining,
        ["dispose-while-reading"] = Lifetimes.DisposeWhileReading,
        ["dispose-device-while-creating"] = Lifetimes.DisposeDeviceWhileCreating,
        ["threads-on-one-model"] = Sharing.ThreadsOnOneModel,
        ["models-on-one-device"] = Sharing.ModelsOnOneDevice,
        ["finalizer-storm"] = Finalizers.Storm,
        ["out-of-memory"] = Memory.Exhaust,
        ["out-of-gpu-memory"] = Memory.ExhaustGpu,
        ["hostile-handles"] = HostileHandles.Run,
        ["hostile-runs"] = HostileRuns.Run,
        ["mutated-descriptors"] = MutatedDescriptors.Run,
        ["mutated-contexts"] = MutatedContexts.Run,
    };

    private static int Main(string[] arguments)
    {
        if (arguments is not [string name] || !Scenarios.TryGetValue(name, out Action? scenario))
        {
            Console.Error.WriteLine($"One of these is to be named: {string.Join(", ", Scenarios.Keys)}");
            return 2;
        }

        try
        {
            scenario();
            Console.WriteLine($"{name}: survived");
            return 0;
        }
        catch (Exception fault)
        {
            Console.Error.WriteLine(fault);
            return 1;
        }
    }
}

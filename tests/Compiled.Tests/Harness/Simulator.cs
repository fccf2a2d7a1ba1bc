using System.Runtime.InteropServices;

namespace Compiled.Tests;

/// <summary>The simulator of CUDA behind the backend that the environment names, where it is one.</summary>
internal static class Simulator
{
    private const string SetSchedule = "compiled_sim_set_schedule";

    private static readonly nint Library = Load();

    /// <summary>The orders in which it runs the threads of a block here; sanitizers look at the same accesses in each, and take their time.</summary>
    public static IReadOnlyList<string> Schedules { get; } =
        IsSanitized ? ["random:7"] : ["lock-step", "reverse", "warp-greedy", "reverse-warp-greedy", "random:7"];

    public static bool IsThere => Library != 0;

    /// <summary>Whether the tests run under the sanitizers, which take ten times as long.</summary>
    public static bool IsSanitized => NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "__asan_init", out _);

    public static unsafe void Set(string schedule)
    {
        var set = (delegate* unmanaged[Cdecl]<byte*, int>)NativeLibrary.GetExport(Library, SetSchedule);
        byte[] text = [.. System.Text.Encoding.UTF8.GetBytes(schedule), 0];
        fixed (byte* start = text)
            Assert.Equal(1, set(start));
    }

    private static nint Load() =>
        Target.HasCuda && Environment.GetEnvironmentVariable("COMPILED_CUDA_LIBRARY") is { Length: > 0 } path
        && NativeLibrary.TryLoad(path, out nint library) && NativeLibrary.TryGetExport(library, SetSchedule, out _)
            ? library
            : 0;
}

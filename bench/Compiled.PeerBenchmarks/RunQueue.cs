using System.Globalization;
using System.Text;

namespace Compiled.PeerBenchmarks;

/// <summary>
/// How long the threads of this process have waited for a processor, from the kernel's scheduler statistics. A step in which they
/// waited measures the neighbours on the machine, not the program.
/// </summary>
internal static class RunQueue
{
    private const string Tasks = "/proc/self/task";

    /// <summary>Nanoseconds of waiting, summed over all threads, since the process began; 0 where the system does not say.</summary>
    public static long WaitedNanoseconds()
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        long sum = 0;
        foreach (string task in Directory.EnumerateDirectories(Tasks))
            sum += Waited(Path.Combine(task, "schedstat"));
        return sum;
    }

    private static long Waited(string path)
    {
        try
        {
            // "time on the processor, time waiting for one, time slices"
            string[] fields = File.ReadAllText(path, Encoding.ASCII).Split(' ');
            return fields.Length == 3 ? long.Parse(fields[1], CultureInfo.InvariantCulture) : 0;
        }
        catch (IOException)
        {
            return 0; // The thread has ended meanwhile.
        }
    }
}

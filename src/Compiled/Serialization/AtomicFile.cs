using System.Runtime.InteropServices;

namespace Compiled;

/// <summary>
/// Replaces a file as a whole: the content goes to a temporary file in the same directory, is flushed to the disk and renamed over
/// the target. Whatever happens meanwhile, the target is the old file or the new one.
/// </summary>
internal static partial class AtomicFile
{
    private static int _count;

    public static void Write(string path, Action<Stream> write)
    {
        string target = Path.GetFullPath(path);
        if (Directory.Exists(target))
            throw new IOException($"'{path}' is a directory.");
        string directory = Path.GetDirectoryName(target) ?? throw new ArgumentException($"'{path}' is not the path of a file.", nameof(path));
        if (!Directory.Exists(directory))
            throw new DirectoryNotFoundException($"'{path}' cannot be written: the folder '{directory}' does not exist.");
        // Of its own for every write: two threads may write the same target.
        string name = $".{Path.GetFileName(target)}.{Environment.ProcessId}.{Interlocked.Increment(ref _count)}.tmp";
        string temporary = Path.Combine(directory, name);
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            KeepMode(target, temporary);
            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        FlushDirectory(directory);
    }

    private static void KeepMode(string target, string temporary)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(target))
            File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));
    }

    /// <summary>A rename is durable on Unix only when its directory is, and .NET opens no directories.</summary>
    private static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
            return;
        int descriptor = Open(directory, 0);
        if (descriptor < 0)
            return;
        // A file system that cannot flush a directory (EINVAL) has nothing better to offer.
        _ = FSync(descriptor);
        _ = Close(descriptor);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync")]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}

using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Compiled.Interop;

namespace Compiled;

/// <summary>Finds the native library, once, and refuses one that was built from another header.</summary>
internal static class NativeLoader
{
    private const string DirectoryVariable = "COMPILED_NATIVE_DIR";
    private const string Remedy = "Build it with './build.sh build' (Windows: .\\build.ps1 build), or name its directory in COMPILED_NATIVE_DIR.";

    private static readonly Lazy<bool> Loaded = new(Load);

    public static void EnsureLoaded() => _ = Loaded.Value;

    private static bool Load()
    {
        NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, Resolve);
        try
        {
            RequireSameVersion();
        }
        catch (Exception fault) when (fault is EntryPointNotFoundException or BadImageFormatException)
        {
            throw new CompiledException($"The native library '{FileName}' that was found is not one of Compiled's. {Remedy}", fault);
        }

        return true;
    }

    private static string FileName =>
        OperatingSystem.IsWindows() ? "compiled.dll" : OperatingSystem.IsMacOS() ? "libcompiled.dylib" : "libcompiled.so";

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Native.Library)
            return 0;
        string[] candidates = [.. Directories().Select(directory => Path.Combine(directory, FileName))];
        foreach (string candidate in candidates)
        {
            if (File.Exists(candidate))
                return LoadFile(candidate);
        }

        throw new DllNotFoundException($"The native library '{FileName}' was not found. Looked for: {string.Join(", ", candidates)}. {Remedy}");
    }

    private static nint LoadFile(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (DllNotFoundException fault)
        {
            throw new DllNotFoundException($"The native library '{path}' is there but cannot be loaded: {fault.Message} {Remedy}", fault);
        }
    }

    private static IEnumerable<string> Directories()
    {
        // Named by the user: nothing else may silently take its place.
        if (Environment.GetEnvironmentVariable(DirectoryVariable) is { Length: > 0 } named)
            return [named];
        string root = AppContext.BaseDirectory;
        return [root, Path.Combine(root, "runtimes", RuntimeInformation.RuntimeIdentifier, "native")];
    }

    private static void RequireSameVersion()
    {
        CompiledException.ThrowIfFailed(Native.cn_abi_version(out uint version));
        if (version != Native.AbiVersion)
        {
            throw new CompiledException(
                $"The native library has ABI version {version}, this assembly needs {Native.AbiVersion}. The two come from different builds. {Remedy}");
        }

        RequireSameLayout();
    }

    // One comparison of bytes; what they say is looked at only when they differ.
    private static unsafe void RequireSameLayout()
    {
        ReadOnlySpan<byte> expected = Native.LayoutReport;
        byte[] report = new byte[expected.Length + 1];
        long length;
        fixed (byte* start = report)
            CompiledException.ThrowIfFailed(Native.cn_layout_report((nint)start, report.Length, out length));
        if (length == expected.Length && report.AsSpan(0, expected.Length).SequenceEqual(expected))
            return;
        (string theirs, string ours) = FirstDifference(NativeText.Get(Native.cn_layout_report), Encoding.UTF8.GetString(expected));
        throw new CompiledException(
            $"The native library and this assembly both have ABI version {Native.AbiVersion}, but the library has {theirs} where the assembly "
            + $"has {ours}. The two come from different builds. {Remedy}");
    }

    private static (string Left, string Right) FirstDifference(string left, string right)
    {
        string[] lefts = left.Split('\n'), rights = right.Split('\n');
        int same = lefts.Zip(rights).TakeWhile(pair => pair.First == pair.Second).Count();
        return (Quoted(lefts, same), Quoted(rights, same));
    }

    private static string Quoted(string[] lines, int index) =>
        lines.ElementAtOrDefault(index) is { Length: > 0 } line ? $"'{line}'" : "nothing";
}

using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
                $"The native library has ABI version {version}, this assembly needs {Native.AbiVersion}: the two come from different builds. {Remedy}");
        }

        string report = NativeText.Get(Native.cn_layout_report);
        foreach (string line in report.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] words = line.Split(' ');
            if (words[0] == "struct" && ManagedSize(words[1]) is { } size && size != int.Parse(words[2], CultureInfo.InvariantCulture))
            {
                throw new CompiledException(
                    $"The native library lays {words[1]} out in {words[2]} bytes, this assembly in {size}: the two come from different builds. {Remedy}");
            }
        }
    }

    private static int? ManagedSize(string name) => name switch
    {
        nameof(cn_context_desc) => Unsafe.SizeOf<cn_context_desc>(),
        nameof(cn_context_info) => Unsafe.SizeOf<cn_context_info>(),
        nameof(cn_state) => Unsafe.SizeOf<cn_state>(),
        nameof(cn_metrics) => Unsafe.SizeOf<cn_metrics>(),
        nameof(cn_window) => Unsafe.SizeOf<cn_window>(),
        nameof(cn_activation_desc) => Unsafe.SizeOf<cn_activation_desc>(),
        nameof(cn_softmax_desc) => Unsafe.SizeOf<cn_softmax_desc>(),
        nameof(cn_dropout_desc) => Unsafe.SizeOf<cn_dropout_desc>(),
        nameof(cn_max_pooling2d_desc) => Unsafe.SizeOf<cn_max_pooling2d_desc>(),
        nameof(cn_conv2d_desc) => Unsafe.SizeOf<cn_conv2d_desc>(),
        nameof(cn_dense_desc) => Unsafe.SizeOf<cn_dense_desc>(),
        nameof(cn_loss_desc) => Unsafe.SizeOf<cn_loss_desc>(),
        nameof(cn_optimizer_desc) => Unsafe.SizeOf<cn_optimizer_desc>(),
        _ => null,
    };
}

using System.Diagnostics;

namespace Compiled.PeerBenchmarks;

/// <summary>
/// TorchSharp's native half is built with GCC 13. Where the C++ runtime is older (Debian 12), one function is missing, and with it a
/// symbol version; libtorch itself runs there. This gives it both, in the build output alone, so that libtorch's speed is what it is.
/// </summary>
internal static class TorchLoader
{
    private const string Version = "GLIBCXX_3.4.32";

    // What std::ios_base_library_init does is done here as in older programs: by an object that initializes the standard streams.
    private const string Source = """
        #include <iostream>
        static std::ios_base::Init streams;
        extern "C" void initialize() __asm__("_ZSt21ios_base_library_initv");
        void initialize() {}
        """;

    /// <summary>The library to preload into processes with TorchSharp; null where none is needed.</summary>
    public static string? Prepare()
    {
        string library = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");
        if (!OperatingSystem.IsLinux() || !File.Exists(library) || RuntimeHasVersion())
            return null;
        var needs = ElfVersionNeeds.Read(library);
        if (needs.MakeWeak(Version))
            needs.Write(library);
        return BuildShim();
    }

    private static bool RuntimeHasVersion()
    {
        string[] directories = ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"];
        string? runtime = directories.Select(directory => Path.Combine(directory, "libstdc++.so.6")).FirstOrDefault(File.Exists);
        return runtime is null || File.ReadAllBytes(runtime).AsSpan().IndexOf("GLIBCXX_3.4.32\0"u8) >= 0;
    }

    private static string BuildShim()
    {
        string shim = Path.Combine(AppContext.BaseDirectory, "libiostreamsinit.so");
        if (File.Exists(shim))
            return shim;
        string source = Path.ChangeExtension(shim, ".cpp");
        File.WriteAllText(source, Source);
        string compiler = Environment.GetEnvironmentVariable("CXX") is { Length: > 0 } named ? named : "g++";
        using Process process = Process.Start(compiler, ["-shared", "-fPIC", "-O2", "-o", shim, source]);
        process.WaitForExit();
        return process.ExitCode == 0
            ? shim
            : throw new InvalidOperationException($"TorchSharp needs a newer C++ runtime than this system has, and '{compiler}' could not build the missing part.");
    }
}

using System.Diagnostics;

namespace Compiled.Tests;

/// <summary>A tiny native library under the name of the real one, in a folder of its own.</summary>
public sealed class ForgedLibrary : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("compiled-forged-");

    /// <summary>The folder that the library lies in.</summary>
    public string Folder => _folder.FullName;

    /// <summary>The file of the library.</summary>
    public string File => Path.Combine(Folder, LoadingProbe.NativeFile);

    /// <summary>A library with the functions that the loader asks, which gives these answers.</summary>
    public static ForgedLibrary Answering(uint version, string report) => Compile(
        $$"""
        #include <cstring>
        static const char report[] = R"({{report}})";
        extern "C" const char* cn_last_error() { return "forged"; }
        extern "C" int cn_abi_version(unsigned* version) { *version = {{version}}; return 0; }
        extern "C" int cn_layout_report(char* text, long long capacity, long long* length) {
            *length = sizeof(report) - 1;
            if (capacity > 0) {
                long long copied = *length < capacity ? *length : capacity - 1;
                std::memcpy(text, report, static_cast<size_t>(copied));
                text[copied] = 0;
            }
            return 0;
        }
        """);

    /// <summary>A library of this C++ text. Skips the test where no compiler takes the options of GCC.</summary>
    public static ForgedLibrary Compile(string source)
    {
        string? compiler = OperatingSystem.IsWindows() ? null : Compiler();
        Assert.SkipWhen(compiler == null, "no g++ or clang++");
        var library = new ForgedLibrary();
        string code = Path.Combine(library.Folder, "forged.cpp");
        System.IO.File.WriteAllText(code, source);
        using Process process = Process.Start(new ProcessStartInfo(compiler!, ["-shared", "-fPIC", "-o", library.File, code]))!;
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return library;
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string? Compiler() =>
        (from folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
         from name in (string[])["c++", "g++", "clang++"]
         let path = Path.Combine(folder, name)
         where System.IO.File.Exists(path)
         select path).FirstOrDefault();
}

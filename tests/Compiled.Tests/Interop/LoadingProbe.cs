using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Compiled.Tests;

/// <summary>A program of its own that uses the library, so that it can be given another native library than the tests have.</summary>
public sealed class LoadingProbe : IDisposable
{
    private const string Variable = "COMPILED_NATIVE_DIR";

    private const string Source =
        """
        try
        {
            System.Console.WriteLine("fine: " + Compiled.Device.Default.Name);
        }
        catch (System.Exception fault)
        {
            System.Console.WriteLine(fault.GetType().Name + ": " + fault.Message);
        }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("compiled-probe-");

    public LoadingProbe()
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path));
        var result = CSharpCompilation.Create("Probe", [CSharpSyntaxTree.ParseText(Source)], references).Emit(Program);
        Assert.True(result.Success, string.Join('\n', result.Diagnostics));
        foreach (string file in (string[])[typeof(Device).Assembly.Location, Path.Combine(NativeDirectory, NativeFile)])
            File.Copy(file, Path.Combine(_folder.FullName, Path.GetFileName(file)));
    }

    /// <summary>The name of the native library.</summary>
    public static string NativeFile { get; } = OperatingSystem.IsWindows() ? "compiled.dll"
        : OperatingSystem.IsMacOS() ? "libcompiled.dylib"
        : "libcompiled.so";

    private static string NativeDirectory =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : AppContext.BaseDirectory;

    private string Program => Path.Combine(_folder.FullName, "Probe.dll");

    /// <summary>What the program says when COMPILED_NATIVE_DIR names a directory. The real library lies beside the program.</summary>
    public string Run(string nativeDirectory = "")
    {
        string configuration = Path.Combine(AppContext.BaseDirectory, "Compiled.Tests.runtimeconfig.json");
        var start = new ProcessStartInfo(Host(), ["exec", "--runtimeconfig", configuration, Program])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[Variable] = nativeDirectory;
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"exit status {process.ExitCode}\n{output}\n{errors.Result}");
        return output.Trim();
    }

    public void Dispose() => _folder.Delete(recursive: true);

    // The one that runs the tests, two folders above its framework's.
    private static string Host()
    {
        string root = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        return Path.Combine(root, OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet");
    }
}

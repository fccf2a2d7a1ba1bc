namespace Compiled.Tests;

/// <summary>Scenarios of Compiled.Misuse: a process that dies, or an answer that is not the documented one, fails the test.</summary>
public sealed class ProcessTests
{
    private const int LinesOfOutput = 40;

    [Theory]
    [InlineData("dispose-while-training")]
    [InlineData("dispose-while-reading")]
    [InlineData("dispose-device-while-creating")]
    [InlineData("threads-on-one-model")]
    [InlineData("models-on-one-device")]
    [InlineData("finalizer-storm")]
    [InlineData("out-of-memory")]
    [InlineData("hostile-handles")]
    [InlineData("hostile-runs")]
    [InlineData("mutated-descriptors")]
    [InlineData("mutated-contexts")]
    public void The_process_survives(string scenario)
    {
        (int exitCode, string output) = Child.Run("Compiled.Misuse", [scenario], ("COMPILED_MISUSE_TRACE", "1"));
        string end = string.Join('\n', output.TrimEnd().Split('\n').TakeLast(LinesOfOutput));
        // The last line of the trace, which is written as errors, may come in after it.
        Assert.True(exitCode == 0 && output.Contains($"{scenario}: survived", StringComparison.Ordinal),
            $"{scenario} ended with exit code {exitCode}:\n{end}");
    }

    [Fact]
    public void The_process_survives_a_GPU_with_little_memory()
    {
        Assert.SkipUnless(Simulator.IsThere, "There is no simulator, whose memory could be made small.");
        (int exitCode, string output) = Child.Run("Compiled.Misuse", ["out-of-gpu-memory"], ("COMPILED_SIM_MEMORY", "3000000"));
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void A_missing_native_library_is_an_error_with_a_remedy()
    {
        using var folder = new TemporaryFolder();
        string reason = $"The native library '{LibraryName}' was not found. Looked for: {folder[LibraryName]}.";
        Assert.Contains($"DllNotFoundException: {reason} {Remedy}", Load(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_no_library_is_an_error_with_a_remedy()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[LibraryName], "not a library");
        string output = Load(folder);
        string reason = $"The native library '{folder[LibraryName]}' is there but cannot be loaded: ";
        Assert.Contains($"DllNotFoundException: {reason}", output, StringComparison.Ordinal);
        Assert.Contains(Remedy, output, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_library_of_that_name_is_an_error_with_a_remedy()
    {
        using var folder = new TemporaryFolder();
        string runtime = System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory();
        File.Copy(Directory.GetFiles(runtime, "*System.IO.Compression.Native*").First(), folder[LibraryName]);
        string reason = $"The native library '{LibraryName}' that was found is not one of Compiled's.";
        Assert.Contains($"CompiledException: {reason} {Remedy}", Load(folder), StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_is_not_there_is_an_error_with_a_remedy()
    {
        using var folder = new TemporaryFolder();
        (_, string output) = Child.Run("Compiled.Misuse", ["load"], ("COMPILED_NATIVE_DIR", folder["none"]));
        Assert.Contains($"Looked for: {Path.Combine(folder["none"], LibraryName)}. {Remedy}", output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_scenario_is_refused()
    {
        (int exitCode, string output) = Child.Run("Compiled.Misuse", ["none"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("finalizer-storm", output, StringComparison.Ordinal);
    }

    private const string Remedy =
        "Build it with './build.sh build' (Windows: .\\build.ps1 build), or name its directory in COMPILED_NATIVE_DIR.";

    private static string LibraryName =>
        OperatingSystem.IsWindows() ? "compiled.dll" : OperatingSystem.IsMacOS() ? "libcompiled.dylib" : "libcompiled.so";

    /// <summary>The second attempt must say what the first one said.</summary>
    private static string Load(TemporaryFolder folder)
    {
        (int exitCode, string output) = Child.Run("Compiled.Misuse", ["load"], ("COMPILED_NATIVE_DIR", folder.Path));
        string[] lines = output.Split('\n');
        Assert.Equal(0, exitCode);
        Assert.Equal(lines[0].Replace("1: ", "2: ", StringComparison.Ordinal),
            lines.First(line => line.StartsWith("2: ", StringComparison.Ordinal)));
        return output;
    }
}

namespace Compiled.Generators.Tests;

/// <summary>A file of this folder that the generator must write.</summary>
internal static class Snapshot
{
    /// <summary>Compares the only file of a project, which must compile without a warning.</summary>
    public static void Check(string name, Project project)
    {
        Assert.Empty(project.Compiler);
        (string file, string text) = project.Files.Single();
        Assert.EndsWith($"{name}.g.cs", file, StringComparison.Ordinal);
        if (Environment.GetEnvironmentVariable("COMPILED_ACCEPT") == "1")
            File.WriteAllText(Path.Combine(SourceFolder(), $"{name}.g.cs"), text);
        else
            Assert.Equal(Read(Path.Combine(AppContext.BaseDirectory, "Snapshots", $"{name}.g.cs")), text);
    }

    private static string Read(string path) => File.Exists(path) ? File.ReadAllText(path) : "";

    /// <summary>This folder, above the folder of the program.</summary>
    private static string SourceFolder()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Compiled.sln")))
            folder = Path.GetDirectoryName(folder);
        return Path.Combine(folder!, "tests", "Compiled.Generators.Tests", "Snapshots");
    }
}

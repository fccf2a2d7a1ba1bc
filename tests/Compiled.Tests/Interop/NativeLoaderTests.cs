using System.Text;
using Compiled.Interop;

namespace Compiled.Tests;

/// <summary>The runtime takes no native library but its own, and says what is wrong with another and how to mend it.</summary>
public sealed class NativeLoaderTests(LoadingProbe probe) : IClassFixture<LoadingProbe>
{
    private const string Remedy = "Build it with './build.sh build'";

    private static readonly string Report = Encoding.UTF8.GetString(Native.LayoutReport);

    [Fact]
    public void The_library_beside_the_program_is_found() => Assert.StartsWith("fine: ", probe.Run(), StringComparison.Ordinal);

    [Fact]
    public void Another_version_is_refused_with_both_versions_and_the_remedy()
    {
        using var library = ForgedLibrary.Answering(Native.AbiVersion + 41, Report);
        string said = probe.Run(library.Folder);
        Assert.StartsWith(
            $"CompiledException: The native library has ABI version {Native.AbiVersion + 41}, this assembly needs {Native.AbiVersion}.",
            said,
            StringComparison.Ordinal);
        Assert.Contains(Remedy, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("struct cn_state 40\n", "struct cn_state 48\n", "has 'struct cn_state 48' where the assembly has 'struct cn_state 40'")]
    [InlineData("field rows 24 8\n", "field rows 28 4\n", "has 'field rows 28 4' where the assembly has 'field rows 24 8'")]
    [InlineData("function cn_buffer_read\n", "", "has 'function cn_buffer_clear' where the assembly has 'function cn_buffer_read'")]
    [InlineData("function cn_philox\n", "", "has nothing where the assembly has 'function cn_philox'")]
    [InlineData("function cn_philox\n", "function cn_philox\nfunction cn_new\n", "has 'function cn_new' where the assembly has nothing")]
    public void Another_layout_is_refused_with_the_difference_and_the_remedy(string text, string changed, string difference)
    {
        Assert.Contains(text, Report, StringComparison.Ordinal);
        using var library = ForgedLibrary.Answering(Native.AbiVersion, Report.Replace(text, changed, StringComparison.Ordinal));
        string said = probe.Run(library.Folder);
        Assert.StartsWith(
            $"CompiledException: The native library and this assembly both have ABI version {Native.AbiVersion}, but the library {difference}.",
            said,
            StringComparison.Ordinal);
        Assert.Contains(Remedy, said, StringComparison.Ordinal);
    }

    // It has none of the functions that come next: that it gets so far shows that the refusals above are for their reasons alone.
    [Fact]
    public void Right_answers_are_believed()
    {
        using var library = ForgedLibrary.Answering(Native.AbiVersion, Report);
        string said = probe.Run(library.Folder);
        Assert.StartsWith("EntryPointNotFoundException: ", said, StringComparison.Ordinal);
        Assert.Contains("cn_context_create", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_of_someone_else_is_refused()
    {
        using var library = ForgedLibrary.Compile("extern \"C\" int something_else() { return 0; }\n");
        string said = probe.Run(library.Folder);
        Assert.StartsWith("CompiledException: The native library '", said, StringComparison.Ordinal);
        Assert.Contains("is not one of Compiled's", said, StringComparison.Ordinal);
        Assert.Contains(Remedy, said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_directory_must_have_the_library_though_another_lies_beside_the_program()
    {
        using var empty = new ForgedLibrary();
        string said = probe.Run(empty.Folder);
        Assert.StartsWith("DllNotFoundException: The native library '", said, StringComparison.Ordinal);
        Assert.Contains($"was not found. Looked for: {empty.Folder}", said, StringComparison.Ordinal);
        Assert.Contains(Remedy, said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_cannot_be_loaded_is_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The file has another name there.");
        using var library = new ForgedLibrary();
        File.WriteAllText(library.File, "not a library");
        string said = probe.Run(library.Folder);
        Assert.Contains(library.File, said, StringComparison.Ordinal);
        Assert.Contains("cannot be loaded", said, StringComparison.Ordinal);
        Assert.Contains(Remedy, said, StringComparison.Ordinal);
    }
}

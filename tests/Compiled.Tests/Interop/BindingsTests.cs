using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Compiled.Interop;

namespace Compiled.Tests;

/// <summary>Native.g.cs is held against the header it was written from and against what the native library says about itself.</summary>
public sealed class BindingsTests
{
    private const string Remedy = "run: dotnet run --project generators/Compiled.Bindings";

    private static readonly HeaderText Header = new(HeaderText.Read());

    [Fact]
    public void They_were_written_from_this_header() =>
        Assert.True(Header.Sha256 == Native.HeaderSha256, $"compiled.h is not the header that Native.g.cs was written from; {Remedy}");

    [Fact]
    public void They_have_the_version_of_the_header() =>
        Assert.Equal(Header.AbiVersion, Native.AbiVersion.ToString(CultureInfo.InvariantCulture));

    [Fact]
    public void They_expect_the_report_that_the_library_gives() =>
        Assert.Equal(LayoutReport.Read(), Encoding.UTF8.GetString(Native.LayoutReport));

    [Fact]
    public void Structs_are_laid_out_as_in_the_library() => Assert.Empty(LayoutDifferences(LayoutReport.Read()));

    [Fact]
    public void Functions_are_those_of_the_library() => Assert.Empty(FunctionDifferences(LayoutReport.Read()));

    [Fact]
    public void Functions_have_the_signatures_of_the_header() => Assert.Empty(SignatureDifferences(Header));

    [Fact]
    public void Enumerators_are_those_of_the_header() => Assert.Empty(EnumeratorDifferences(Header));

    [Theory]
    [InlineData("int64_t rows;", "int32_t rows;")]
    [InlineData("/* y may be x. */", "/* y is not x. */")]
    public void A_changed_header_has_another_hash(string text, string changed)
    {
        Assert.Contains(text, HeaderText.Read(), StringComparison.Ordinal);
        Assert.NotEqual(Native.HeaderSha256, new HeaderText(HeaderText.Read().Replace(text, changed, StringComparison.Ordinal)).Sha256);
    }

    [Fact]
    public void Line_ends_do_not_change_the_hash() =>
        Assert.Equal(Header.Sha256, new HeaderText(HeaderText.Read().ReplaceLineEndings("\r\n")).Sha256);

    [Fact]
    public void Every_change_of_a_line_of_the_report_is_seen()
    {
        string[] lines = LayoutReport.Read().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length > 100);
        for (int i = 0; i < lines.Length; i++)
        {
            foreach (string[] changed in Changes(lines[i]))
            {
                string report = string.Join('\n', [.. lines[..i], .. changed, .. lines[(i + 1)..]]);
                Assert.True(
                    LayoutDifferences(report).Length + FunctionDifferences(report).Length > 0,
                    $"'{lines[i]}' replaced by '{string.Join(", ", changed)}' went unseen.");
            }
        }
    }

    [Fact]
    public void A_struct_with_a_wrong_field_is_seen()
    {
        string[] report = [.. LayoutReport.Lines("struct Right 16\nfield small 0 4\nfield large 8 8\n")];
        Assert.Empty(Difference.Between("C", report, "C#", ManagedDeclarations.Layout(typeof(Right))));
        foreach (Type type in (Type[])[typeof(Swapped), typeof(Narrow), typeof(Renamed), typeof(Longer), typeof(Packed)])
        {
            var lines = ManagedDeclarations.Layout(type).Select(line => line.Replace(type.Name, nameof(Right), StringComparison.Ordinal));
            Assert.True(Difference.Between("C", report, "C#", lines).Length > 0, $"{type.Name} went unseen.");
        }
    }

    [Theory]
    [InlineData("CN_STATUS_INTERNAL = 5", "CN_STATUS_INTERNAL = 6")]
    [InlineData("CN_STATUS_INTERNAL = 5", "CN_STATUS_INTERNAL = 5, CN_STATUS_NEW = 6")]
    [InlineData("CN_DEVICE_CPU = 0, ", "")]
    [InlineData("enum cn_accuracy {", "enum cn_precision {")]
    public void A_changed_enumeration_is_seen(string text, string changed)
    {
        Assert.Contains(text, HeaderText.Read(), StringComparison.Ordinal);
        Assert.NotEmpty(EnumeratorDifferences(new HeaderText(HeaderText.Read().Replace(text, changed, StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData("cn_context_destroy(cn_context* context)", "cn_context_destroy(cn_context* owner)")]
    [InlineData("cn_context_destroy(cn_context* context)", "cn_context_free(cn_context* context)")]
    [InlineData("cn_buffer* buffer, int64_t offset, int64_t bytes", "cn_buffer* buffer, int64_t bytes, int64_t offset")]
    [InlineData("cn_buffer* buffer, int64_t offset, int64_t bytes", "cn_buffer* buffer, int64_t offset, int32_t bytes")]
    [InlineData("cn_buffer* buffer, int64_t offset, int64_t bytes", "cn_buffer* buffer, int64_t offset")]
    [InlineData("cn_abi_version(uint32_t* version)", "cn_abi_version(uint64_t* version)")]
    [InlineData("cn_abi_version(uint32_t* version)", "cn_abi_version(uint32_t version)")]
    [InlineData("const cn_dense_desc* desc", "const cn_loss_desc* desc")]
    [InlineData("const cn_dense_desc* desc", "cn_dense_desc* desc")]
    [InlineData("cn_context_info* info", "const cn_context_info* info")]
    [InlineData("const char* cn_last_error", "cn_status cn_last_error")]
    public void A_changed_prototype_is_seen(string text, string changed)
    {
        Assert.Contains(text, HeaderText.Read(), StringComparison.Ordinal);
        Assert.NotEmpty(SignatureDifferences(new HeaderText(HeaderText.Read().Replace(text, changed, StringComparison.Ordinal))));
    }

    private static string[] LayoutDifferences(string report) => Difference.Between(
        "the library", LayoutReport.Lines(report).Where(line => !line.StartsWith("function ", StringComparison.Ordinal)),
        "Native.g.cs", ManagedDeclarations.Structs.SelectMany(ManagedDeclarations.Layout));

    private static string[] FunctionDifferences(string report) => Difference.Between(
        "the library", LayoutReport.Lines(report).Where(line => line.StartsWith("function ", StringComparison.Ordinal)),
        "Native.g.cs", ManagedDeclarations.Functions.Select(function => $"function {function.Name}"));

    private static string[] EnumeratorDifferences(HeaderText header) =>
        Difference.Between("the header", header.Enumerators, "Native.g.cs", ManagedDeclarations.Enumerators);

    private static string[] SignatureDifferences(HeaderText header)
    {
        var methods = ManagedDeclarations.Functions.ToDictionary(method => method.Name);
        string[] names = Difference.Between("the header", header.Functions.Select(function => function.Name), "Native.g.cs", methods.Keys);
        return
        [
            .. names,
            .. from function in header.Functions
               where methods.ContainsKey(function.Name)
               let method = methods[function.Name]
               where !Signature.Fits(function.Result, function.Parameters, method)
               select $"{function.Name}({string.Join(", ", function.Parameters)}) is {method} in Native.g.cs",
        ];
    }

    // The line gone, twice with another name, and with each of its numbers raised.
    private static IEnumerable<string[]> Changes(string line)
    {
        yield return [];
        string[] words = line.Split(' ');
        yield return [line, $"{words[0]} {words[1]}_more {string.Join(' ', words[2..])}".TrimEnd()];
        for (int i = 2; i < words.Length; i++)
        {
            string[] raised = [.. words];
            raised[i] = (int.Parse(words[i], CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture);
            yield return [string.Join(' ', raised)];
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Right
    {
        public int small;
        public long large;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Swapped
    {
        public long large;
        public int small;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Narrow
    {
        public int small;
        public int large;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Renamed
    {
        public int little;
        public long large;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Longer
    {
        public int small;
        public long large;
        public long extra;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Packed
    {
        public int small;
        public long large;
    }
}

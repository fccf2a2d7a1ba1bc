using System.Text;
using BenchmarkDotNet.Attributes;
using Compiled.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Compiled.Benchmarks;

/// <summary>
/// What the generator costs a build, and an editor while one types, with a large network. Reading attributes is part of it: each run has
/// a compilation of its own, which knows nothing yet.
/// </summary>
[MinColumn]
public class GeneratorBenchmarks
{
    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.CSharp14);

    private CSharpCompilation _first = null!;
    private CSharpCompilation _editedElsewhere = null!;
    private CSharpCompilation _editedModel = null!;
    private GeneratorDriver _warm = null!;

    [GlobalSetup]
    public void Setup()
    {
        SyntaxTree model = Parse(ResNet50.Declaration), other = Parse("namespace Networks; internal static class Other;");
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Append(typeof(Model).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path));
        _first = CSharpCompilation.Create(
            "Written", [model, other], references, new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        _editedElsewhere = _first.ReplaceSyntaxTree(other, Parse("namespace Networks; internal static class Other { const int Number = 1; }"));
        _editedModel = _first.ReplaceSyntaxTree(model, Parse(ResNet50.Edited));
        _warm = NewDriver().RunGenerators(_first);
        string text = _warm.GetRunResult().GeneratedTrees.Single().ToString();
        Console.WriteLine($"// Generated: {Encoding.UTF8.GetByteCount(text):N0} bytes, {text.Count(letter => letter == '\n'):N0} lines");
    }

    [Benchmark(Baseline = true)]
    public GeneratorDriver Cold() => NewDriver().RunGenerators(_first.Clone());

    [Benchmark]
    public GeneratorDriver EditElsewhere() => _warm.RunGenerators(_editedElsewhere.Clone());

    [Benchmark]
    public GeneratorDriver EditModel() => _warm.RunGenerators(_editedModel.Clone());

    private static CSharpGeneratorDriver NewDriver() =>
        CSharpGeneratorDriver.Create([new ModelGenerator().AsSourceGenerator()], parseOptions: Parsing);

    private static SyntaxTree Parse(string text) => CSharpSyntaxTree.ParseText(text, Parsing, encoding: Encoding.UTF8);
}

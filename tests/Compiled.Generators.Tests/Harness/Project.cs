using Microsoft.CodeAnalysis.Diagnostics;

namespace Compiled.Generators.Tests;

/// <summary>What a build makes of sources: the generator, the compiler and the analyzer, in memory and without an assembly.</summary>
public sealed class Project
{
    /// <summary>Documentation is parsed too, so that a fault in what is generated of it is a warning.</summary>
    public static readonly CSharpParseOptions Parsing = new(LanguageVersion.CSharp14, DocumentationMode.Diagnose);

    // All projects begin with this one, so that the references are read and bound once.
    private static readonly CSharpCompilation Empty = CSharpCompilation.Create(
        "Written",
        references: ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Append(typeof(Model).Assembly.Location)
            .Select(path => MetadataReference.CreateFromFile(path)),
        options: new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable, warningLevel: 9999,
            // The classes of tests have no documentation of their own.
            specificDiagnosticOptions: [KeyValuePair.Create("CS1591", ReportDiagnostic.Suppress)]));

    private readonly Lazy<ImmutableArray<Diagnostic>> _compiler;
    private readonly Lazy<ImmutableArray<Diagnostic>> _analyzer;

    private Project(Compilation written, GeneratorDriver driver)
    {
        Driver = driver.RunGeneratorsAndUpdateCompilation(written, out Compilation built, out ImmutableArray<Diagnostic> faults);
        Written = written;
        Built = built;
        Assert.Empty(faults);
        _compiler = new(() => [.. Faults(Built)]);
        _analyzer = new(() => Analyze(Built));
    }

    /// <summary>The sources alone.</summary>
    public Compilation Written { get; }

    /// <summary>The sources with what was generated.</summary>
    public Compilation Built { get; }

    public GeneratorDriver Driver { get; }

    /// <summary>Errors and warnings of the compiler, about sources and generated files.</summary>
    public ImmutableArray<Diagnostic> Compiler => _compiler.Value;

    /// <summary>What the analyzer says, in the order of the places.</summary>
    public ImmutableArray<Diagnostic> Analyzer => _analyzer.Value;

    /// <summary>What the analyzer says of the sources alone, without the generated files: several times as quick.</summary>
    public ImmutableArray<Diagnostic> AnalyzeWritten() => Analyze(Written);

    public GeneratorRunResult Run => Driver.GetRunResult().Results.Single();

    /// <summary>The generated files by name.</summary>
    public IReadOnlyDictionary<string, string> Files =>
        Run.GeneratedSources.ToDictionary(file => file.HintName, file => file.SourceText.ToString(), StringComparer.Ordinal);

    /// <summary>The text of the only generated file.</summary>
    public string File => Files.Values.Single();

    public static Project Of(params IReadOnlyList<string> sources) => Of(sources.Select((text, i) => ($"File{i}.cs", text)));

    /// <summary>A project of named files. A throw of the generator fails the test here, one of the analyzer when it is asked.</summary>
    public static Project Of(IEnumerable<(string Path, string Text)> files) => new(
        Empty.AddSyntaxTrees(files.Select(file => CSharpSyntaxTree.ParseText(file.Text, Parsing, file.Path, Encoding.UTF8))),
        CSharpGeneratorDriver.Create(
            [new ModelGenerator().AsSourceGenerator()], parseOptions: Parsing,
            driverOptions: new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true)));

    /// <summary>The next build: of a file with another text, by a driver that remembers this build.</summary>
    public Project Edit(string path, string text)
    {
        SyntaxTree before = Written.SyntaxTrees.Single(tree => tree.FilePath == path);
        return new Project(Written.ReplaceSyntaxTree(before, before.WithChangedText(SourceText.From(text, Encoding.UTF8))), Driver);
    }

    /// <summary>The next build, with one file more.</summary>
    public Project Add(string path, string text) =>
        new(Written.AddSyntaxTrees(CSharpSyntaxTree.ParseText(text, Parsing, path, Encoding.UTF8)), Driver);

    /// <summary>The errors and warnings of a compilation.</summary>
    public static IEnumerable<Diagnostic> Faults(Compilation compilation) =>
        compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning);

    private static ImmutableArray<Diagnostic> Analyze(Compilation compilation)
    {
        List<Exception> thrown = [];
        var options = new CompilationWithAnalyzersOptions(
            new AnalyzerOptions([]), (exception, _, _) => thrown.Add(exception),
            concurrentAnalysis: false, logAnalyzerExecutionTime: false);
        ImmutableArray<Diagnostic> found = new CompilationWithAnalyzers(compilation, [new ModelAnalyzer()], options)
            .GetAnalyzerDiagnosticsAsync(CancellationToken.None).GetAwaiter().GetResult();
        Assert.Empty(thrown);
        return
        [
            .. found.OrderBy(diagnostic => diagnostic.Location.SourceTree?.FilePath, StringComparer.Ordinal)
                .ThenBy(diagnostic => diagnostic.Location.SourceSpan.Start),
        ];
    }
}

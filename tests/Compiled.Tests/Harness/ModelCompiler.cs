using System.Globalization;
using System.Reflection;
using System.Runtime.Loader;
using Compiled.Generators;
using Compiled.Reference;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using Xunit.Sdk;

namespace Compiled.Tests;

/// <summary>Turns networks into models as a build does: the declaration, the generator, the compiler, an assembly; only in memory.</summary>
public static class ModelCompiler
{
    private static readonly CSharpParseOptions Parsing = new(LanguageVersion.Latest);

    private static readonly MetadataReference[] References = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>The fused class of a network and its unfused twin.</summary>
    public static (Type Fused, Type Unfused) Compile(Network network)
    {
        Assembly assembly = Compile($"namespace Drawn;\n{network.Declare("Fused", fused: true)}\n{network.Declare("Unfused", fused: false)}");
        return (assembly.GetType("Drawn.Fused", throwOnError: true)!, assembly.GetType("Drawn.Unfused", throwOnError: true)!);
    }

    public static Model Create(Type type, Device device, int batchSize, ulong seed = 0) =>
        (Model)Activator.CreateInstance(type, device, batchSize, seed)!;

    /// <summary>The loaded assembly of a source; any warning or error fails the test.</summary>
    public static Assembly Compile(string source)
    {
        CSharpCompilation compilation = Parse(source);
        CSharpGeneratorDriver.Create([new ModelGenerator().AsSourceGenerator()], parseOptions: Parsing)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation generated, out _);
        using var image = new MemoryStream();
        var result = generated.Emit(image);
        Diagnostic[] faults = [.. result.Diagnostics.Where(diagnostic => diagnostic.Severity >= DiagnosticSeverity.Warning)];
        if (!result.Success || faults.Length > 0)
            throw new XunitException($"{source}\n{string.Join<Diagnostic>('\n', faults)}");
        image.Position = 0;
        return new AssemblyLoadContext(null, isCollectible: true).LoadFromStream(image);
    }

    /// <summary>What the analyzer says against a source.</summary>
    public static IReadOnlyList<string> Objections(string source) =>
    [
        .. new CompilationWithAnalyzers(Parse(source), [new ModelAnalyzer()], new AnalyzerOptions([]))
            .GetAnalyzerDiagnosticsAsync(CancellationToken.None).GetAwaiter().GetResult()
            .Select(diagnostic => diagnostic.GetMessage(CultureInfo.InvariantCulture)),
    ];

    private static CSharpCompilation Parse(string source) => CSharpCompilation.Create(
        $"Drawn{Guid.NewGuid():N}", [CSharpSyntaxTree.ParseText(source, Parsing)], References,
        new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release,
            nullableContextOptions: NullableContextOptions.Enable));
}

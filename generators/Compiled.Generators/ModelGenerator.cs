using System.Linq;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Compiled.Generators;

/// <summary>
/// Compiles each class with [Model]: Read → Build → Differentiate → Fuse → Plan → Write. Every arrow is a pure function between
/// equatable models, so an edit elsewhere re-runs nothing. What is wrong with a declaration is reported by <see cref="ModelAnalyzer"/>,
/// from the same Read and Build.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class ModelGenerator : IIncrementalGenerator
{
    /// <summary>The names of the steps, for whoever asks what was re-run.</summary>
    internal static readonly string[] Steps = ["Read", "Build", "Differentiate", "Fuse", "Plan", "Write"];

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        IncrementalValuesProvider<ModelSpec> specs = context.SyntaxProvider
            .ForAttributeWithMetadataName(
                KnownTypes.Model,
                static (node, _) => node is TypeDeclarationSyntax,
                static (found, _) => Read(found))
            .Where(static spec => spec is not null)
            .Select(static (spec, _) => spec!)
            .WithTrackingName("Read");

        IncrementalValuesProvider<GeneratedFile> files = specs
            .Select(static (spec, _) => new Pass<Graph?>(spec, GraphBuilder.Build(spec, new IssueList())))
            .WithTrackingName("Build")
            .Select(static (pass, _) => pass.With(graph => graph is null ? null : Differentiator.Differentiate(graph)))
            .WithTrackingName("Differentiate")
            .Select(static (pass, _) => pass.With(training => training is null ? null : ModelStages.Of(training, pass.Spec.Options)))
            .WithTrackingName("Fuse")
            .Select(static (pass, _) => pass.With(stages => stages is null ? null : LayoutPlanner.Plan(stages)))
            .WithTrackingName("Plan")
            .Select(static (pass, _) => Write(pass.Spec, pass.Result))
            .WithTrackingName("Write");

        IncrementalValueProvider<EquatableArray<string>> shared = specs.Collect().Select(static (all, _) => FileNames.Shared(all));
        context.RegisterSourceOutput(
            files.Combine(shared),
            static (output, pair) => output.AddSource(
                FileNames.Of(pair.Left.FullName, pair.Left.Identity, pair.Right), SourceText.From(pair.Left.Text, Encoding.UTF8)));
    }

    /// <summary>All passes at once; null when the declaration has errors.</summary>
    internal static string? Compile(ModelSpec spec) =>
        GraphBuilder.Build(spec, new IssueList()) is { } graph
            ? ModelWriter.Write(spec, LayoutPlanner.Plan(ModelStages.Of(Differentiator.Differentiate(graph), spec.Options)))
            : null;

    /// <summary>The spec of a class, from the first declaration with [Model] if, against the rules of C#, several have it.</summary>
    private static ModelSpec? Read(GeneratorAttributeSyntaxContext found) =>
        found.TargetSymbol is INamedTypeSymbol type && ModelReader.FindDeclaration(type) == found.TargetNode
            ? ModelReader.Read(type, (TypeDeclarationSyntax)found.TargetNode, new IssueList())
            : null;

    private static GeneratedFile Write(ModelSpec spec, ModelLayout? layout) =>
        new(spec.FullName, spec.Identity, layout is null ? StubWriter.Write(spec) : ModelWriter.Write(spec, layout));

    /// <summary>What a pass has made of a spec.</summary>
    private sealed record Pass<T>(ModelSpec Spec, T Result)
    {
        public Pass<TNext> With<TNext>(System.Func<T, TNext> next) => new(Spec, next(Result));
    }

    private sealed record GeneratedFile(string FullName, string Identity, string Text);
}

using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Compiled.Generators;

/// <summary>Reports what is wrong with a declaration, where it is wrong, by the code that the generator reads and builds with.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ModelAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
    [
        Rules.NotPartial, Rules.LayersElsewhere, Rules.NoInput, Rules.OutOfRange, Rules.TooSmall, Rules.TooLarge, Rules.UnknownLayer,
        Rules.UnknownName, Rules.DuplicateName, Rules.WrongRank, Rules.NoLoss, Rules.LossMismatch, Rules.SoftmaxTwice, Rules.DeadLayer,
        Rules.ClassConflict, Rules.JoinMismatch, Rules.BadBlock,
    ];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        // A declaration may stand in a file that some other program wrote.
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.Analyze | GeneratedCodeAnalysisFlags.ReportDiagnostics);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(static symbol => Analyze(symbol), SymbolKind.NamedType);
    }

    private static void Analyze(SymbolAnalysisContext context)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        ImmutableArray<AttributeData> attributes = type.GetAttributes();
        TypeDeclarationSyntax? syntax = ModelReader.FindDeclaration(type);
        ReportLayersElsewhere(context, type, attributes, syntax ?? ModelReader.FindDeclaration(type, KnownTypes.Block));
        if (syntax is null)
            return;

        var issues = new IssueList();
        ModelSpec? spec = ModelReader.Read(type, syntax, issues);
        if (spec is { IsComplete: true } && GraphBuilder.Build(spec, issues) is { } graph)
            ClassRules.CheckWeights(type, graph, issues);
        List<AttributeData> layers = ModelReader.LayersOf(type, syntax);
        foreach (Issue issue in issues.Items)
        {
            context.ReportDiagnostic(
                Diagnostic.Create(issue.Rule, Locate(issue, syntax, layers), PropertiesOf(issue), [.. issue.Words]));
        }
    }

    private static ImmutableDictionary<string, string?> PropertiesOf(Issue issue) => issue.Repair is null
        ? ImmutableDictionary<string, string?>.Empty
        : ImmutableDictionary<string, string?>.Empty.Add(Repairs.Word, issue.Repair);

    private static void ReportLayersElsewhere(
        SymbolAnalysisContext context, INamedTypeSymbol type, ImmutableArray<AttributeData> attributes, SyntaxNode? declaration)
    {
        foreach (AttributeData attribute in attributes.Where(ModelReader.IsLayer))
        {
            if (declaration is null || !ModelReader.IsWithin(attribute, declaration))
            {
                context.ReportDiagnostic(Diagnostic.Create(Rules.LayersElsewhere, Places.Of(attribute, argument: null), type.Name));
            }
        }
    }

    private static Location? Locate(Issue issue, TypeDeclarationSyntax declaration, List<AttributeData> layers) =>
        issue.Layer < 0
            ? issue.Place ?? declaration.Identifier.GetLocation()
            : Places.Of(layers[issue.Layer], issue.Argument, issue.Element);
}

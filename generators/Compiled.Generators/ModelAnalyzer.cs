using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Compiled.Generators;

/// <summary>Reports what is wrong with a declaration, on the argument at fault, from the code that the generator reads and builds with.</summary>
[DiagnosticAnalyzer(LanguageNames.CSharp)]
public sealed class ModelAnalyzer : DiagnosticAnalyzer
{
    /// <inheritdoc/>
    public override ImmutableArray<DiagnosticDescriptor> SupportedDiagnostics { get; } =
    [
        Rules.NotPartial, Rules.LayersElsewhere, Rules.NoInput, Rules.OutOfRange, Rules.TooSmall, Rules.TooLarge, Rules.UnknownLayer, Rules.UnknownName,
        Rules.DuplicateName, Rules.WrongRank, Rules.NoLoss, Rules.LossMismatch, Rules.SoftmaxTwice, Rules.DeadLayer, Rules.ClassConflict,
    ];

    /// <inheritdoc/>
    public override void Initialize(AnalysisContext context)
    {
        context.ConfigureGeneratedCodeAnalysis(GeneratedCodeAnalysisFlags.None);
        context.EnableConcurrentExecution();
        context.RegisterSymbolAction(static symbol => Analyze(symbol), SymbolKind.NamedType);
    }

    private static void Analyze(SymbolAnalysisContext context)
    {
        var type = (INamedTypeSymbol)context.Symbol;
        ImmutableArray<AttributeData> attributes = type.GetAttributes();
        TypeDeclarationSyntax? syntax = ModelReader.FindDeclaration(type);
        ReportLayersElsewhere(context, type, attributes, syntax);
        if (syntax is null)
            return;

        var issues = new IssueList();
        ModelSpec? spec = ModelReader.Read(type, syntax, issues);
        if (spec is { IsComplete: true } && GraphBuilder.Build(spec, issues) is { } graph)
            ClassRules.CheckWeights(type, graph, issues);
        List<AttributeData> layers = ModelReader.LayersOf(type, syntax);
        foreach (Issue issue in issues.Items)
            context.ReportDiagnostic(Diagnostic.Create(issue.Rule, Locate(issue, syntax, layers, context.CancellationToken), [.. issue.Words]));
    }

    private static void ReportLayersElsewhere(
        SymbolAnalysisContext context, INamedTypeSymbol type, ImmutableArray<AttributeData> attributes, SyntaxNode? declaration)
    {
        foreach (AttributeData attribute in attributes.Where(ModelReader.IsLayer))
        {
            if (declaration is null || !ModelReader.IsWithin(attribute, declaration))
            {
                Location? place = attribute.ApplicationSyntaxReference?.GetSyntax(context.CancellationToken).GetLocation();
                context.ReportDiagnostic(Diagnostic.Create(Rules.LayersElsewhere, place, type.Name));
            }
        }
    }

    private static Location Locate(Issue issue, TypeDeclarationSyntax declaration, List<AttributeData> layers, CancellationToken cancellationToken)
    {
        if (issue.Layer < 0 || issue.Layer >= layers.Count)
            return issue.Place ?? declaration.Identifier.GetLocation();
        AttributeData layer = layers[issue.Layer];
        var attribute = (AttributeSyntax)layer.ApplicationSyntaxReference!.GetSyntax(cancellationToken);
        return (issue.Argument is { } name ? FindArgument(attribute, layer, name)?.GetLocation() : null) ?? attribute.GetLocation();
    }

    /// <summary>The value that was written for an argument, however it was passed.</summary>
    private static ExpressionSyntax? FindArgument(AttributeSyntax attribute, AttributeData data, string name)
    {
        int position = 0;
        foreach (AttributeArgumentSyntax argument in attribute.ArgumentList?.Arguments ?? default)
        {
            string? written = argument.NameColon?.Name.Identifier.Text ?? argument.NameEquals?.Name.Identifier.Text;
            if (argument.NameEquals is null)
            {
                // Everything behind a 'params' parameter belongs to it.
                ImmutableArray<IParameterSymbol> parameters = data.AttributeConstructor?.Parameters ?? [];
                if (written is null && parameters.Length > 0)
                    written = parameters[System.Math.Min(position, parameters.Length - 1)].Name;
                position++;
            }

            if (string.Equals(written, name, System.StringComparison.OrdinalIgnoreCase))
                return argument.Expression;
        }

        return null;
    }
}

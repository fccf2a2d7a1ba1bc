using Compiled.Generators;
using Compiled.Reference;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Compiled.Tests;

/// <summary>What the passes of the generator make of a declaration, before it is written down as code.</summary>
internal static class Layouts
{
    private static readonly MetadataReference[] References = [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
        .Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    public static ModelLayout Of(Network network)
    {
        ModelSpec spec = Read(network.Declare("Drawn", fused: true));
        var issues = new IssueList();
        Graph? graph = GraphBuilder.Build(spec, issues);
        Assert.Empty(issues.Items);
        return LayoutPlanner.Plan(ModelStages.Of(Differentiator.Differentiate(graph!), spec.Options));
    }

    public static string Code(Network network) => ModelGenerator.Compile(Read(network.Declare("Drawn", fused: true)))!;

    private static ModelSpec Read(string source)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(source, new CSharpParseOptions(LanguageVersion.Latest));
        ClassDeclarationSyntax declaration = tree.GetRoot().DescendantNodes().OfType<ClassDeclarationSyntax>().Single();
        SemanticModel meaning = CSharpCompilation.Create("Layout", [tree], References).GetSemanticModel(tree);
        INamedTypeSymbol type = meaning.GetDeclaredSymbol(declaration)!;
        return ModelReader.Read(type, declaration, new IssueList())!;
    }
}

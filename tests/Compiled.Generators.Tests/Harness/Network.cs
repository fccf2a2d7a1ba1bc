using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Compiled.Generators.Tests;

/// <summary>The passes of the generator, one by one, on the model 'Net' of a project.</summary>
internal static class Network
{
    public static ModelSpec Spec(Project project)
    {
        INamedTypeSymbol type = project.Written.GetTypeByMetadataName("Net")!;
        TypeDeclarationSyntax declaration = ModelReader.FindDeclaration(type)!;
        return ModelReader.Read(type, declaration, new IssueList())!;
    }

    public static Graph Of(Project project) => GraphBuilder.Build(Spec(project), new IssueList())!;

    public static ModelLayout Layout(Project project) =>
        LayoutPlanner.Plan(ModelStages.Of(Differentiator.Differentiate(Of(project)), Spec(project).Options));

    /// <summary>The stages of a network, each as the layers in it.</summary>
    public static IEnumerable<string> Stages(Project project)
    {
        ModelLayout layout = Layout(project);
        return layout.Stages.Select(stage => string.Join(" ", stage.Stage.Nodes.Select(node => layout.Graph.Graph.Nodes[node].Name)));
    }

    /// <summary>The stages of prediction, by the titles of what they do, and whether they need an op of their own.</summary>
    public static IEnumerable<string> Prediction(Project project) =>
        Layout(project).Prediction.Select(stage => $"{stage.Field}: {stage.Title}");
}

using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Compiled.Generators.Tests;

/// <summary>A code fix at work, as in an editor: on the diagnostics that the analyzer gives for files.</summary>
internal static class Repair
{
    /// <summary>The only fix that is offered for the only diagnostic repairs a file, and makes it right. Returns the title.</summary>
    public static async Task<string> One(CodeFixProvider provider, string broken, string repaired)
    {
        using var workspace = new AdhocWorkspace();
        Document document = Open(workspace, [broken]).Documents.Single();
        Diagnostic diagnostic = Assert.Single(Project.Of(broken).Analyzer);
        CodeAction action = Assert.Single(await Offered(provider, document, diagnostic));
        Assert.Equal(repaired, await TextAfter(action, document));
        Expect.NothingIn(repaired);
        return action.Title;
    }

    /// <summary>Nothing is offered for the only diagnostic of a file.</summary>
    public static async Task None(CodeFixProvider provider, string broken)
    {
        using var workspace = new AdhocWorkspace();
        Document document = Open(workspace, [broken]).Documents.Single();
        Diagnostic diagnostic = Assert.Single(Project.Of(broken).Analyzer);
        Assert.Contains(diagnostic.Id, provider.FixableDiagnosticIds);
        Assert.Empty(await Offered(provider, document, diagnostic));
    }

    /// <summary>"Fix all in project" repairs all files.</summary>
    public static async Task All(CodeFixProvider provider, IReadOnlyList<string> broken, IReadOnlyList<string> repaired)
    {
        using var workspace = new AdhocWorkspace();
        Microsoft.CodeAnalysis.Project project = Open(workspace, broken);
        ImmutableArray<Diagnostic> diagnostics = await In(project, Project.Of(broken).Analyzer);
        Document first = project.Documents.First();
        CodeAction one = Assert.Single(await Offered(provider, first, diagnostics.First(diagnostic => IsIn(diagnostic, first))));
        var context = new FixAllContext(
            first, provider, FixAllScope.Project, one.EquivalenceKey!, provider.FixableDiagnosticIds, new Known(diagnostics),
            CancellationToken.None);
        CodeAction all = (await provider.GetFixAllProvider()!.GetFixAsync(context))!;
        foreach ((Document document, string text) in project.Documents.Zip(repaired))
            Assert.Equal(text, await TextAfter(all, document));
        Expect.NothingIn(repaired);
    }

    // The names are those that Project gives.
    private static Microsoft.CodeAnalysis.Project Open(AdhocWorkspace workspace, IReadOnlyList<string> texts)
    {
        Microsoft.CodeAnalysis.Project project = workspace.AddProject("Written", LanguageNames.CSharp).WithParseOptions(Project.Parsing);
        for (int i = 0; i < texts.Count; i++)
            project = project.AddDocument($"File{i}.cs", texts[i], filePath: $"File{i}.cs").Project;
        return project;
    }

    /// <summary>The same diagnostics, in the trees of a project.</summary>
    private static async Task<ImmutableArray<Diagnostic>> In(Microsoft.CodeAnalysis.Project project, ImmutableArray<Diagnostic> diagnostics)
    {
        List<Diagnostic> all = [];
        foreach (Diagnostic diagnostic in diagnostics)
        {
            SyntaxTree tree = (await project.Documents.Single(document => IsIn(diagnostic, document)).GetSyntaxTreeAsync())!;
            all.Add(Diagnostic.Create(diagnostic.Descriptor, Location.Create(tree, diagnostic.Location.SourceSpan), diagnostic.Properties));
        }

        return [.. all];
    }

    private static async Task<List<CodeAction>> Offered(CodeFixProvider provider, Document document, Diagnostic diagnostic)
    {
        List<CodeAction> actions = [];
        await provider.RegisterCodeFixesAsync(
            new CodeFixContext(document, diagnostic, (action, _) => actions.Add(action), CancellationToken.None));
        return actions;
    }

    private static async Task<string> TextAfter(CodeAction action, Document document)
    {
        ImmutableArray<CodeActionOperation> operations = await action.GetOperationsAsync(CancellationToken.None);
        Solution solution = operations.OfType<ApplyChangesOperation>().Single().ChangedSolution;
        return (await solution.GetDocument(document.Id)!.GetTextAsync()).ToString();
    }

    private static bool IsIn(Diagnostic diagnostic, Document document) => diagnostic.Location.SourceTree!.FilePath == document.FilePath;

    private sealed class Known(ImmutableArray<Diagnostic> diagnostics) : FixAllContext.DiagnosticProvider
    {
        public override Task<IEnumerable<Diagnostic>> GetAllDiagnosticsAsync(
            Microsoft.CodeAnalysis.Project project, CancellationToken cancellationToken) =>
            Task.FromResult<IEnumerable<Diagnostic>>(diagnostics);

        public override Task<IEnumerable<Diagnostic>> GetDocumentDiagnosticsAsync(Document document, CancellationToken cancellationToken) =>
            Task.FromResult(diagnostics.Where(diagnostic => IsIn(diagnostic, document)));

        public override Task<IEnumerable<Diagnostic>> GetProjectDiagnosticsAsync(
            Microsoft.CodeAnalysis.Project project, CancellationToken cancellationToken) => Task.FromResult<IEnumerable<Diagnostic>>([]);
    }
}

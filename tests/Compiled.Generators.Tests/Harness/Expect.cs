namespace Compiled.Generators.Tests;

/// <summary>What a build of sources must and must not report.</summary>
public static class Expect
{
    // Whoever uses a model whose declaration is wrong must not get errors there as well.
    private const string Use =
        """

        internal static class Program
        {
            public static string Run()
            {
                using var net = new Net(Compiled.Device.Default, batchSize: 2, seed: 1);
                net.PredictOnBatch(new float[2], new float[2]);
                return net.Summary();
            }
        }
        """;

    /// <summary>A class 'Net' with these attributes and a use of it gives one error at the only mark, and nothing else anywhere.</summary>
    public static void Error(string id, string message, string layers) =>
        Only(id, [message], DiagnosticSeverity.Error, [Declare(layers) + Use]);

    /// <summary>A class 'Net' with these attributes gives one message at each mark, in their order, and nothing else anywhere.</summary>
    public static void Errors(string id, IReadOnlyList<string> messages, string layers) =>
        Only(id, messages, DiagnosticSeverity.Error, [Declare(layers) + Use]);

    /// <summary>As <see cref="Errors"/>, with warnings.</summary>
    public static void Warnings(string id, IReadOnlyList<string> messages, string layers) =>
        Only(id, messages, DiagnosticSeverity.Warning, [Declare(layers) + Use]);

    /// <summary>As <see cref="Error"/>, for whole files.</summary>
    public static void ErrorIn(string id, string message, params IReadOnlyList<string> sources) =>
        Only(id, [message], DiagnosticSeverity.Error, sources);

    /// <summary>As <see cref="Errors"/>, for whole files.</summary>
    public static void ErrorsIn(string id, IReadOnlyList<string> messages, params IReadOnlyList<string> sources) =>
        Only(id, messages, DiagnosticSeverity.Error, sources);

    /// <summary>Files that are right: nobody reports anything.</summary>
    public static Project NothingIn(params IReadOnlyList<string> sources)
    {
        Project project = Project.Of(sources);
        Assert.Empty(project.Analyzer);
        Assert.Empty(project.Compiler);
        return project;
    }

    /// <summary>A class 'Net' with these attributes that is right.</summary>
    public static Project Nothing(string layers) => NothingIn(Declare(layers) + Use);

    /// <summary>The file that declares a class 'Net' with these attributes besides [Model].</summary>
    public static string Declare(string layers) =>
        $"""
        using Compiled;
        [Model]
        {layers}
        public sealed partial class Net;
        """;

    /// <summary>The analyzer gives one message at each mark, in their order, and no other. The compiler may say what it likes.</summary>
    public static Project FromAnalyzer(
        string id, IReadOnlyList<string> messages, DiagnosticSeverity severity, IReadOnlyList<string> sources)
    {
        Source[] marked = [.. sources.Select(Source.Parse)];
        Project project = Project.Of([.. marked.Select(source => source.Text)]);
        IEnumerable<string> wanted = marked.SelectMany(
            (source, i) => source.Marks.Select(mark => $"File{i}.cs {mark} '{source.Text[mark.Start..mark.End]}'"))
            .Zip(messages, (place, message) => $"{id} {severity} {place} {message}");
        Assert.Equal(wanted, project.Analyzer.Select(Describe));
        Assert.Equal(marked.Sum(source => source.Marks.Count), messages.Count);
        return project;
    }

    private static void Only(string id, IReadOnlyList<string> messages, DiagnosticSeverity severity, IReadOnlyList<string> sources) =>
        Assert.Empty(FromAnalyzer(id, messages, severity, sources).Compiler);

    private static string Describe(Diagnostic diagnostic)
    {
        Location place = diagnostic.Location;
        string text = place.SourceTree!.ToString()[place.SourceSpan.Start..place.SourceSpan.End];
        string message = diagnostic.GetMessage(CultureInfo.InvariantCulture);
        return $"{diagnostic.Id} {diagnostic.Severity} {place.SourceTree.FilePath} {place.SourceSpan} '{text}' {message}";
    }
}

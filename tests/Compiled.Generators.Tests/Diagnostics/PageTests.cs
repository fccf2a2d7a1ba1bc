using System.Text.RegularExpressions;

namespace Compiled.Generators.Tests;

/// <summary>The page of each rule tells the truth.</summary>
public sealed class PageTests
{
    public static TheoryData<string> Ids => [.. RuleTests.All.Select(rule => rule.Id)];

    [Theory]
    [MemberData(nameof(Ids))]
    public void The_first_example_gives_the_message_and_the_second_none(string id)
    {
        DiagnosticDescriptor rule = RuleTests.All.Single(candidate => candidate.Id == id);
        string page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Pages", $"{id}.md")).ReplaceLineEndings("\n");
        Assert.StartsWith($"# {id}: {rule.Title.ToString(CultureInfo.InvariantCulture)}\n", page, StringComparison.Ordinal);
        string[] examples = [.. Regex.Matches(page, "```csharp\n(.*?)```", RegexOptions.Singleline).Select(match => match.Groups[1].Value)];
        Assert.Equal(2, examples.Length);

        Project wrong = Project.Of($"using Compiled;\n{examples[0]}");
        Diagnostic found = Assert.Single(wrong.Analyzer);
        Assert.Empty(wrong.Compiler.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
        string message = found.GetMessage(CultureInfo.InvariantCulture);
        Assert.Contains($"\n> {found.Severity.ToString().ToLowerInvariant()} {found.Id}: {message}\n", page, StringComparison.Ordinal);
        Assert.Equal(id, found.Id);
        Expect.NothingIn($"using Compiled;\n{examples[1]}");
    }

    [Fact]
    public void There_is_no_other_page() =>
        Assert.Equal(
            RuleTests.All.Select(rule => $"{rule.Id}.md"),
            Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Pages")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
}

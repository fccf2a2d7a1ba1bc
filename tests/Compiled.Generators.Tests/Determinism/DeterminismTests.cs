namespace Compiled.Generators.Tests;

/// <summary>The same declarations give the same files and the same messages, wherever and whenever they are built.</summary>
public sealed class DeterminismTests
{
    private static readonly (string Path, string Text)[] Files =
    [
        ("/home/one/Net.cs", Declare(
            "[Model]\n[Input(12, 12, 3)]\n[Conv2D(1200, 3), ReLU, MaxPooling2D, Dropout(0.125)]\n" +
            "[Flatten, Dense(1500, Name = \"iI\"), Softmax, CategoricalCrossentropy]\npublic sealed partial class Net;\n")),
        ("/home/one/Upper.cs", Declare("[Model, Input(3), Dense(2), Sigmoid, MeanSquaredError]\npublic sealed partial class NET;\n")),
        ("/home/one/Parts.cs", Declare("public partial class Net\n{\n    public int Later => 1;\n}\n")),
        ("/home/one/Wrong.cs", Declare("[Model, Input(12, -3), Dropout(1.5), MeanSquaredError]\npublic sealed partial class Wrong;\n")),
        ("/home/one/MoreParts.cs", Declare("public partial class Net\n{\n    public int Earlier => 1;\n}\n")),
        ("/home/one/Third.cs", Declare("[Model, Input(3), Dropout(1.5), MeanSquaredError]\npublic sealed partial class Third;\n")),
    ];

    [Fact]
    public void Two_runs_are_alike() => Assert.Equal(Expected(), Build(Files));

    [Fact]
    public void The_order_of_the_files_does_not_matter()
    {
        for (int seed = 0; seed < 10; seed++)
        {
            (string Path, string Text)[] shuffled = [.. Files];
            new Random(seed).Shuffle(shuffled);
            Assert.Equal(Expected(), Build(shuffled));
        }
    }

    [Fact]
    public void Line_ends_do_not_matter()
    {
        Assert.Equal(Expected(), Build(Files.Select(file => (file.Path, file.Text.ReplaceLineEndings("\r\n")))));
        Assert.All(Expected(), line => Assert.DoesNotContain('\r', line));
    }

    [Fact]
    public void The_folder_does_not_matter()
    {
        Assert.Equal(
            Expected(), Build(Files.Select(file => (file.Path.Replace("/home/one/", "C:\\two\\", StringComparison.Ordinal), file.Text))));
        Assert.All(Expected(), line => Assert.DoesNotContain("home", line, StringComparison.Ordinal));
    }

    [Fact]
    public void The_culture_does_not_matter()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            foreach (CultureInfo culture in Cultures())
            {
                CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = culture;
                Assert.Equal("1,5", $"{1.5}");
                Assert.Equal(Expected(), Build(Files));
            }
        }
        finally
        {
            CultureInfo.CurrentCulture = CultureInfo.CurrentUICulture = before;
        }
    }

    private static string Declare(string text) => $"using Compiled;\nnamespace Examples;\n{text}";

    /// <summary>Cultures with a comma in numbers: one with its own minus sign and, where the system has them, German and Turkish.</summary>
    private static IEnumerable<CultureInfo> Cultures()
    {
        var own = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        own.NumberFormat.NumberDecimalSeparator = ",";
        own.NumberFormat.NumberGroupSeparator = " ";
        own.NumberFormat.NegativeSign = "−";
        return CultureInfo.GetCultures(CultureTypes.SpecificCultures).Where(culture => culture.Name is "tr-TR" or "de-DE").Append(own);
    }

    private static readonly Lazy<IReadOnlyList<string>> First = new(() => Build(Files));

    private static IReadOnlyList<string> Expected() => First.Value;

    /// <summary>Everything that a build gives: the files by name, and the messages.</summary>
    private static IReadOnlyList<string> Build(IEnumerable<(string Path, string Text)> files)
    {
        Project project = Project.Of(files);
        Assert.Equal(4, project.Files.Count);
        Assert.Empty(project.Compiler);
        Assert.Equal(2, project.Analyzer.Length);
        return
        [
            .. project.Files.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file => $"{file.Key}\n{file.Value}"),
            .. project.Analyzer.Select(diagnostic => diagnostic.GetMessage(CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal),
        ];
    }
}

namespace Compiled.Generators.Tests;

/// <summary>Every model has a file, whatever it is called: a name that is not allowed or not unique would end the generator.</summary>
public sealed class FileNameTests
{
    private const string Model = "[Compiled.Model, Compiled.Input(3), Compiled.Dense(2), Compiled.MeanSquaredError]";

    [Theory]
    [InlineData("namespace @event.@int { # public partial class @Class; }", "event.int.Class.g.cs")]
    [InlineData("# public partial class Größe;", "Größe.g.cs")]
    [InlineData("# public partial class A‿b;", "A(203F)b.g.cs")] // a connector
    [InlineData("# public partial class Cafe\u0301;", "Cafe(0301).g.cs")] // a combining mark
    [InlineData("# public partial class Ⅷ;", "(2167).g.cs")] // a number letter
    [InlineData("# public partial class \\u0041b;", "Ab.g.cs")] // an escaped letter
    [InlineData("public partial class A { # public partial class B; }", "A+B.g.cs")]
    public void A_name_of_a_class(string source, string file) =>
        Assert.Equal([file], Expect.NothingIn(source.Replace("#", Model, StringComparison.Ordinal)).Files.Keys);

    [Fact]
    public void Names_that_differ_by_case_only()
    {
        Project project = Expect.NothingIn(
            $"{Model} public partial class Net;", $"{Model} public partial class NET;", $"{Model} public partial class Nets;");
        Assert.Equal(3, project.Files.Keys.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Contains("Nets.g.cs", project.Files.Keys);
        Assert.All(
            project.Files.Keys.Where(file => file != "Nets.g.cs"), file => Assert.Matches("^(Net|NET)\\.[0-9a-f]{8}\\.g\\.cs$", file));
    }

    [Fact]
    public void Names_that_are_the_same()
    {
        Project project = Project.Of(
            $"public partial class A {{ {Model} public partial class B; }}",
            $"public partial struct A {{ {Model} public partial class B; }}");
        Assert.Equal(2, project.Files.Count);
    }
}

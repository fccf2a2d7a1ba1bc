namespace Compiled.Generators.Tests;

/// <summary>CN0001, CN0002 and CN0015: what a class must and must not be.</summary>
public sealed class ClassTests
{
    private const string Layers = "[Model, Input(3), Dense(2), MeanSquaredError]";

    [Fact]
    public void A_class_that_is_not_partial() =>
        Expect.ErrorIn("CN0001", "'Net' is not partial: add 'partial' to 'Net'", $"using Compiled; {Layers} public sealed class [|Net|];");

    [Fact]
    public void An_outer_class_that_is_not_partial_is_underlined_itself() =>
        Expect.ErrorIn(
            "CN0001", "'Outer' is not partial: add 'partial' to 'Outer'",
            $"using Compiled; public class [|Outer|] {{ {Layers} public partial class Net; }}");

    [Fact]
    public void Every_level_that_is_not_partial_is_reported() =>
        Expect.ErrorsIn(
            "CN0001", ["'Outer' is not partial: add 'partial' to 'Outer'", "'Net' is not partial: add 'partial' to 'Net'"],
            $"using Compiled; public struct [|Outer|] {{ public partial interface IMiddle {{ {Layers} public class [|Net|]; }} }}");

    [Theory]
    [InlineData("static partial class", "static")]
    [InlineData("abstract partial class", "abstract")]
    [InlineData("partial record", "a record")]
    [InlineData("static class", "static")]
    public void A_class_of_the_wrong_kind(string kind, string fault) =>
        Expect.ErrorIn("CN0001", $"'Net' is {fault}: make it a 'sealed partial class'", $"using Compiled; {Layers} public {kind} [|Net|];");

    [Theory]
    [InlineData("partial struct", "not a class")]
    [InlineData("partial interface", "not a class")]
    [InlineData("partial record struct", "a record")]
    public void A_type_that_is_no_class(string kind, string fault)
    {
        Project project = Expect.FromAnalyzer(
            "CN0001", [$"'Net' is {fault}: make it a 'sealed partial class'"], DiagnosticSeverity.Error,
            [$"using Compiled; {Layers} public {kind} [|Net|];"]);
        // The attributes are for classes: that is the compiler's to say.
        Assert.All(project.Compiler, diagnostic => Assert.Equal("CS0592", diagnostic.Id));
    }

    [Fact]
    public void A_generic_class() =>
        Expect.ErrorIn(
            "CN0001", "'Net' is generic: remove its type parameters", $"using Compiled; {Layers} public partial class [|Net|]<T>;");

    [Fact]
    public void A_class_in_a_generic_class() =>
        Expect.ErrorIn(
            "CN0001", "'Outer' is generic: remove its type parameters",
            $"using Compiled; public partial class [|Outer|]<T> {{ {Layers} public partial class Net; }}");

    [Fact]
    public void A_class_that_is_local_to_its_file() =>
        Expect.ErrorIn(
            "CN0001", "'Net' is local to its file: remove 'file', as the generated half stands in another file",
            $"using Compiled; {Layers} file partial class [|Net|];");

    [Fact]
    public void A_class_in_one_that_is_local_to_its_file() =>
        Expect.ErrorIn(
            "CN0001", "'Outer' is local to its file: remove 'file', as the generated half stands in another file",
            $"using Compiled; file partial class [|Outer|] {{ {Layers} public partial class Net; }}");

    [Fact]
    public void Layers_on_another_part_are_underlined_there() =>
        Expect.ErrorsIn(
            "CN0002", [.. Enumerable.Repeat(Elsewhere, 2)],
            $"using Compiled; {Layers} public partial class Net;",
            "using Compiled; [[|Dense(3)|], [|ReLU|]] public partial class Net;");

    [Fact]
    public void Layers_on_another_part_in_the_same_file() =>
        Expect.ErrorIn("CN0002", Elsewhere, $"using Compiled; [[|Dense(3)|]] public partial class Net; {Layers} public partial class Net;");

    [Fact]
    public void Layers_without_a_model() =>
        Expect.ErrorIn("CN0002", Elsewhere, "using Compiled; [[|Input(3)|]] public partial class Net;");

    [Fact]
    public void A_model_on_two_parts_is_read_from_the_first()
    {
        Project project = Expect.FromAnalyzer(
            "CN0002", [Elsewhere], DiagnosticSeverity.Error,
            [$"using Compiled; {Layers} public partial class Net;", "using Compiled; [Model, [|Dense(7)|]] public partial class Net;"]);
        Assert.Equal("CS0579", Assert.Single(project.Compiler).Id);
        Assert.Contains("dense_1: Dense 2", project.File, StringComparison.Ordinal);
    }

    [Fact]
    public void A_base_class() =>
        Expect.ErrorIn(
            "CN0015",
            "'Net' derives from 'System.Collections.ArrayList': remove the base class, as the generated half derives from Compiled.Model",
            $"using Compiled; {Layers} public partial class [|Net|] : System.Collections.ArrayList;");

    [Fact]
    public void A_model_cannot_derive_from_another() =>
        Expect.ErrorIn(
            "CN0015", "'Net' derives from 'Other': remove the base class, as the generated half derives from Compiled.Model",
            $"using Compiled; {Layers} public partial class Other; {Layers} public partial class [|Net|] : Other;");

    [Theory]
    [InlineData("Device? device = null, int batchSize = 32, ulong seed = 0")]
    [InlineData("Device a, int b, ulong c")]
    public void The_constructor_of_the_generated_half(string parameters) =>
        Expect.ErrorIn(
            "CN0015", "'Net' declares the constructor (Device, int, ulong): remove it, as the generated half has it",
            $"using Compiled; {Layers} public partial class Net {{ public [|Net|]({parameters}) {{ }} }}");

    [Fact]
    public void A_primary_constructor() =>
        Expect.ErrorIn(
            "CN0015",
            "'Net' has a primary constructor: remove it, as the generated half has the constructor, which others can call with ': this(…)'",
            $"using Compiled; {Layers} public partial class [|Net|](int size) {{ public int Size => size; }}");

    [Theory]
    [InlineData("public int [|State|] => 5;")]
    [InlineData("private void [|Check|](float status) { }")]
    [InlineData("private const long [|Value|] = 1;")]
    [InlineData("private sealed class [|Metrics|];")]
    [InlineData("private int [|_stage1|];")]
    [InlineData("private int [|_loss|];")]
    public void A_member_that_hides_what_generated_code_calls(string member)
    {
        string name = Source.Parse(member) is var source ? source.Text[source.Marks[0].Start..source.Marks[0].End] : "";
        string text = $"using Compiled; {Layers} public partial class Net;\npublic partial class Net {{ {member} }}";
        Project project = Expect.FromAnalyzer(
            "CN0015", [$"'Net' declares '{name}': rename it, as the generated half has or calls a member of that name"],
            DiagnosticSeverity.Error, [text]);
        Assert.DoesNotContain(project.Compiler, diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
    }

    [Theory]
    [InlineData("private void [|ForwardCore|]() { }", "ForwardCore")]
    [InlineData("private static readonly object [|s_plan|] = new();", "s_plan")]
    public void A_member_that_every_generated_half_has(string member, string name) =>
        Expect.ErrorIn(
            "CN0015", $"'Net' declares '{name}': rename it, as the generated half has or calls a member of that name",
            $"using Compiled; {Layers} public partial class Net {{ {member} }}");

    [Theory]
    [InlineData("ForwardCore")]
    [InlineData("State")]
    [InlineData("_stage12")]
    public void A_class_with_the_name_of_a_member(string name) =>
        Expect.ErrorIn(
            "CN0015", $"'{name}' is the name of a member of the generated half: rename the class",
            $"using Compiled; {Layers} public partial class [|{name}|];");

    [Fact]
    public void A_member_with_the_name_of_a_layers_weights() =>
        Expect.ErrorIn(
            "CN0015",
            "'Net' declares 'Dense1': rename it or the layer, as the generated half has the weights of 'dense_1' under that name",
            $"using Compiled; {Layers} public partial class Net {{ public int [|Dense1|] => 1; }}",
            "public static class Program { public static int Run() { using var net = new Net(); return net.Dense1; } }");

    [Fact]
    public void What_is_no_conflict() =>
        Expect.NothingIn(
            $$"""
            using Compiled;
            {{Layers}}
            public partial class Net : Model, System.IEquatable<Net>
            {
                private static int s_count;
                private readonly int _stages = 2;

                static Net() => s_count++;

                public Net(int batchSize) : this(null, batchSize) { }

                public DenseWeights Head => Dense1;

                public int Stages => _stages + s_count;

                public bool Equals(Net? other) => ReferenceEquals(this, other);

                public override bool Equals(object? obj) => Equals(obj as Net);

                public override int GetHashCode() => 0;
            }
            """);

    private const string Elsewhere =
        "'Net' has layers on a declaration without [Model]: the network is read from the one declaration that carries [Model], so " +
        "move them there";
}

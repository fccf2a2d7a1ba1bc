namespace Compiled.Generators.Tests;

/// <summary>Where nothing is wrong, or the compiler says it already, the analyzer is silent.</summary>
public sealed class SilenceTests
{
    [Theory]
    [InlineData("[Input(3)] [MeanSquaredError]")]
    [InlineData("[Input(3)] [Dense(1), Sigmoid, MeanSquaredError]")]
    [InlineData("[Input(3)] [Dense(2), Softmax, MeanSquaredError]")]
    [InlineData("[Input(3)] [Softmax, Dense(2), Softmax, CategoricalCrossentropy]")]
    [InlineData("[Input(3)] [Dense(2), Activation(Activation.Softmax), SparseCategoricalCrossentropy]")]
    [InlineData("[Input(3, 4, 5, 6)] [Dense(2), Softmax, SparseCategoricalCrossentropy]")]
    [InlineData("[Input(7, 5)] [Dense(2), Tanh, Flatten, Dense(3, UseBias = false), MeanSquaredError]")]
    [InlineData("[Input(7, 7, 2)] [Conv2D(3, 7), Flatten, MeanSquaredError]")]
    [InlineData("[Input(7, 7, 2)] [Conv2D(3, 9, 2, Padding = Padding.Same, StridesWidth = 3), MaxPooling2D(7, 1), MeanSquaredError]")]
    [InlineData("[Input(7, 7, 2)] [MaxPooling2D(127, 2, Padding = Padding.Same), Dropout(0), Dropout(0.999999), Linear, MeanSquaredError]")]
    [InlineData("[Input(shape: new[] { 7, 7, 2 }, Name = \"x\")] [Flatten(From = \"x\", Name = null), MeanSquaredError(Name = \"loss\")]")]
    [InlineData("[Input(7, 7, 2)] [Conv2D(2, 3, DilationRate = 3), Conv2D(1, 1, Strides = 9), MeanSquaredError]")]
    public void A_declaration_that_is_right(string layers) => Expect.Nothing(layers);

    [Theory]
    [InlineData("[Input(3)] [Dens(2), CategoricalCrossentropy]")] // no such attribute
    [InlineData("[Input(8, 8, 1)] [Flaten, Dense(2), Softmax, Flatten, Conv2D(1, 1)]")] // nor this, and much else
    [InlineData("[Input(3)] [Dense, MeanSquaredError]")] // no such constructor
    [InlineData("[Input(3)] [Dense(\"2\"), MeanSquaredError]")]
    [InlineData("[Input(3)] [Dense(units: 2, 3), MeanSquaredError]")]
    [InlineData("[Input(3)] [Dense(Size), MeanSquaredError]")] // no such constant
    [InlineData("[Input(3)] [Dense(2, UseBias = 1), MeanSquaredError]")]
    [InlineData("[Input(Size, 0)] [Dense(2), MeanSquaredError]")]
    [InlineData("[Input(1.5)] [Dense(2), MeanSquaredError]")]
    [InlineData("[Input(3)] [Dense(")] // being typed
    [InlineData("[Input(3)] [Dropout(1 / 0), MeanSquaredError]")]
    public void A_declaration_of_which_the_compiler_reports_an_error(string layers)
    {
        Project project = Project.Of(Expect.Declare(layers));
        Assert.Contains(project.Compiler, diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        Assert.Empty(project.Analyzer);
    }

    [Fact]
    public void A_base_class_that_is_not_found()
    {
        Project project = Project.Of("using Compiled; [Model, Input(3), Dense(2), MeanSquaredError] public partial class Net : Nowhere;");
        Assert.Equal("CS0246", Assert.Single(project.Compiler).Id);
        Assert.Empty(project.Analyzer);
    }

    [Fact]
    public void Attributes_of_other_namespaces() =>
        Expect.NothingIn(
            "[Other.Model, Other.Dense(0)] public class Net;",
            """
            namespace Other;
            public sealed class ModelAttribute : System.Attribute;
            public sealed class DenseAttribute(int units) : System.Attribute { public int Units => units; }
            """);

    [Fact]
    public void Other_attributes_beside_the_layers() =>
        Expect.Nothing("[System.Serializable] [Input(3), System.ComponentModel.Description(\"one\")] [Dense(2)] [type: MeanSquaredError]");
}

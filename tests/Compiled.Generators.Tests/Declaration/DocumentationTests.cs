using System.Xml.Linq;

namespace Compiled.Generators.Tests;

/// <summary>The documentation of a model is its summary.</summary>
public sealed class DocumentationTests
{
    [Fact]
    public void The_class_carries_the_table_of_its_layers()
    {
        Project project = Expect.Nothing(
            """
            [Input(6, 6, 1)]
            [Conv2D(4, 3), ReLU, MaxPooling2D, Dropout(0.25)]
            [Flatten, Dense(3), Softmax, CategoricalCrossentropy]
            """);
        var documentation = XElement.Parse(Documentation(project.Built.GetTypeByMetadataName("Net")!));
        Assert.Equal("6×6×1 → 3, 91 parameters, 2 stages and the loss.", documentation.Element("summary")!.Value);
        Assert.Equal(
            [
                "conv2d_1: Conv2D 3×3, 4 filters | 4×4×4; 40 parameters; stage 1",
                "relu_1: ReLU | 4×4×4; stage 1",
                "max_pooling2d_1: MaxPooling2D 2×2 | 2×2×4; stage 1",
                "dropout_1: Dropout 0.25 | 2×2×4; stage 1; 128 bytes kept", // 16 floats and 16 codes, each on lines of 64 bytes
                "flatten_1: Flatten | 16; stage 1",
                "dense_1: Dense 3 | 3; 51 parameters; stage 2; 64 bytes kept",
                "softmax_1: Softmax | 3; stage 3",
                "categorical_crossentropy_1: CategoricalCrossentropy | loss; stage 3",
            ],
            documentation.Descendants("item").Select(item => $"{item.Element("term")!.Value} | {item.Element("description")!.Value}"));
        Assert.Contains("384 of which the backward pass keeps", documentation.Descendants("para").Single().Value, StringComparison.Ordinal);
    }

    [Fact]
    public void What_reaches_no_loss_is_no_part_of_the_model()
    {
        Project project = Project.Of(Expect.Declare("[Input(3)]\n[Dense(2)]\n[Dense(4, From = \"input_1\"), MeanSquaredError]"));
        Assert.DoesNotContain("dense_1", project.File, StringComparison.Ordinal);
        Assert.Contains("<item><term>dense_2: Dense 4</term>", project.File, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_and_the_constructor_are_documented()
    {
        Project project = Expect.Nothing("[Input(3)]\n[Dense(2), MeanSquaredError]");
        INamedTypeSymbol net = project.Built.GetTypeByMetadataName("Net")!;
        Assert.Contains(
            "The weights of 'dense_1' (Dense 2): kernel 3×2, bias 2.", Documentation(net.GetMembers("Dense1").Single()),
            StringComparison.Ordinal);
        string constructor = Documentation(net.InstanceConstructors.Single());
        Assert.All(
            (string[])["device", "batchSize", "seed"],
            parameter => Assert.Contains($"<param name=\"{parameter}\">", constructor, StringComparison.Ordinal));
    }

    [Fact]
    public void The_version_that_generated_it_is_that_of_the_generator() =>
        Assert.Contains(
            $"GeneratedCode(\"Compiled.Generators\", \"{typeof(ModelGenerator).Assembly.GetName().Version!.ToString(3)}\")",
            Expect.Nothing("[Input(3)]\n[Dense(2), MeanSquaredError]").File, StringComparison.Ordinal);

    private static string Documentation(ISymbol symbol) =>
        symbol.GetDocumentationCommentXml(cancellationToken: TestContext.Current.CancellationToken)!;
}

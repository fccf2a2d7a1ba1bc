using CsCheck;

namespace Compiled.Generators.Tests;

/// <summary>What is right compiles, whatever it is made of.</summary>
public sealed class DrawnTests
{
    private const uint Models = 300;

    [Fact]
    public void Every_valid_model_compiles_without_a_word()
    {
        for (uint number = 0; number < Models; number++)
        {
            // A seed for each: CsCheck's own loop takes one for the first only.
            string declaration = Drawn.Declarations.Generate(new PCG(0, number), null!, out _);
            try
            {
                Expect.NothingIn($"using Compiled;\n{declaration}\npublic sealed partial class Net;");
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Number {number}:\n{declaration}", exception);
            }
        }
    }

    [Fact]
    public void A_network_of_many_layers()
    {
        string layers = string.Concat(Enumerable.Repeat("[Conv2D(4, 3, Padding = Padding.Same), ReLU]\n", 250));
        Project project = Expect.Nothing($"[Input(8, 8, 1)]\n{layers}[Flatten, Dense(2), Softmax, CategoricalCrossentropy]");
        Assert.Equal(251, Network.Stages(project).Count());
    }

    [Fact]
    public void As_many_layers_as_blocks_may_make()
    {
        Project project = Expect.NothingIn(
            """
            using Compiled;
            [Model, Input(8, 8, 2)]
            [Residual<Part>(Repeat = 1000), Block<Part>(Repeat = 1000), Flatten, Dense(2), Softmax, CategoricalCrossentropy]
            public sealed partial class Net;
            [Block, Conv2D(2, 3, Padding = Padding.Same), BatchNormalization, ReLU]
            public sealed class Part;
            """);
        Assert.Equal(5001, Network.Stages(project).Count());
    }
}

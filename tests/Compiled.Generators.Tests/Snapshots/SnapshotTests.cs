namespace Compiled.Generators.Tests;

/// <summary>What the generator writes, byte for byte. Set COMPILED_ACCEPT=1 to write the files anew, then read the change.</summary>
public sealed class SnapshotTests
{
    private const string Cifar =
        """
        [Input(32, 32, 3)]
        [Conv2D(32, 3, Padding = Padding.Same), ReLU]
        [Conv2D(32, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
        [Conv2D(64, 3, Padding = Padding.Same), ReLU]
        [Conv2D(64, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
        [Flatten, Dense(512), ReLU, Dropout(0.5)]
        [Dense(10), Softmax, CategoricalCrossentropy]
        """;

    [Fact]
    public void Cifar10_fused() =>
        Same("Cifar10Net", $"using Compiled;\nnamespace Examples;\n[Model]\n{Cifar}\npublic sealed partial class Cifar10Net;");

    [Fact]
    public void Cifar10_unfused() =>
        Same(
            "UnfusedCifar10Net",
            $"using Compiled;\nnamespace Examples;\n[Model(Fusion = Fusion.None)]\n{Cifar}\npublic partial class UnfusedCifar10Net;");

    [Fact]
    public void Two_dense_layers() =>
        Same(
            "TwoLayers",
            """
            using Compiled;

            namespace Examples.Small
            {
                [Model]
                [Input(2)]
                [Dense(8), Sigmoid]
                [Dense(1), Tanh, MeanSquaredError]
                public sealed partial class TwoLayers;
            }
            """);

    [Fact]
    public void A_branch() =>
        Same(
            "Branch",
            """
            using Compiled;

            namespace Examples;

            [Model]
            [Input(9, 9, 3, Name = "images")]
            [Conv2D(4, 3, Name = "stem"), ReLU]
            [Conv2D(8, 2), MaxPooling2D, Flatten, Dense(3, Name = "side")]
            [Conv2D(6, 3, Strides = 2, UseBias = false, From = "stem"), Softmax, MaxPooling2D(2, Strides = 1), Tanh]
            [Flatten, Dropout(0.1), Dense(5), Softmax, SparseCategoricalCrossentropy]
            internal partial class Branch;
            """);

    [Fact]
    public void A_residual_network() =>
        Same(
            "SmallResNet",
            """
            using Compiled;

            namespace Examples;

            [Block]
            [Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
            [Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization]
            public sealed class Stay;

            [Block]
            [Conv2D(Filters.Twice, 3, Strides = 2, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
            [Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization]
            public sealed class Down;

            [Model]
            [Input(32, 32, 3)]
            [Conv2D(16, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
            [Residual<Stay>(Repeat = 2, Activation = Activation.ReLU)]
            [Residual<Down>(Projection = true, Activation = Activation.ReLU)]
            [GlobalAveragePooling2D, Dense(10), Softmax, CategoricalCrossentropy]
            public sealed partial class SmallResNet;
            """);

    [Fact]
    public void An_encoder_and_decoder() =>
        Same(
            "SmallUNet",
            """
            using Compiled;

            namespace Examples;

            [Block]
            [Conv2D(Filters.Same, 3, Padding = Padding.Same), BatchNormalization, ReLU]
            public sealed class Smooth;

            [Model]
            [Input(33, 48, 3)]
            [ZeroPadding2D(0, 1, 0, 0), Conv2D(8, 3, Padding = Padding.Same), ReLU, Block<Smooth>(Name = "high")]
            [MaxPooling2D, Conv2D(Filters.Twice, 3, Padding = Padding.Same), ReLU, Block<Smooth>(Name = "low"), Dropout(0.2)]
            [UpSampling2D(Interpolation = Interpolation.Bilinear), Concatenate("high")]
            [Conv2D(8, 3, Padding = Padding.Same), ReLU, Cropping2D(0, 1, 0, 0)]
            [Conv2D(1, 1), Sigmoid, MeanSquaredError]
            public sealed partial class SmallUNet;
            """);

    [Fact]
    public void Images_that_are_enlarged_and_joined() =>
        Same(
            "SmallDecoder",
            """
            using Compiled;

            namespace Examples;

            [Model]
            [Input(16, 24, 3)]
            [Conv2D(8, 3, Padding = Padding.Same), ReLU(Name = "fine"), MaxPooling2D, Conv2D(16, 3, Padding = Padding.Same), ReLU]
            [UpSampling2D, Concatenate("fine"), Conv2D(8, 3, Padding = Padding.Same), BatchNormalization, ReLU]
            [UpSampling2D(2, 1), Conv2D(4, 3), ReLU, MaxPooling2D, Dropout(0.25)]
            [Flatten, Dense(10), Softmax, CategoricalCrossentropy]
            public sealed partial class SmallDecoder;
            """);

    [Fact]
    public void Convolutions_by_groups() =>
        Same(
            "SmallMobileNet",
            """
            using Compiled;

            namespace Examples;

            [Model]
            [Input(24, 24, 3)]
            [Conv2D(8, 3, Strides = 2, Padding = Padding.Same), ReLU]
            [DepthwiseConv2D(3, Padding = Padding.Same), ReLU, MaxPooling2D]
            [Conv2D(16, 1, Groups = 4, UseBias = false), BatchNormalization, ReLU]
            [SeparableConv2D(24, 3, DepthMultiplier = 2, Activation = Activation.ReLU)]
            [Conv2DTranspose(12, 2, Strides = 2, Activation = Activation.ReLU), Conv2DTranspose(12, 3, Padding = Padding.Same, UseBias = false)]
            [GlobalAveragePooling2D, Dense(10), Softmax, CategoricalCrossentropy]
            public sealed partial class SmallMobileNet;
            """);

    [Fact]
    public void Rules_of_weights() =>
        Same(
            "SmallRules",
            """
            using Compiled;

            namespace Examples;

            [Model]
            [Input(12, 12, 3)]
            [Conv2D(8, 3, Trainable = false), ReLU, MaxPooling2D]
            [Conv2D(8, 3, KernelL2 = 1e-4, BiasConstraint = Constraint.NonNeg), ReLU]
            [Conv2D(8, 1, Trainable = false), ReLU, ActivityRegularization(L1 = 1e-5)]
            [Flatten, Dense(10, KernelL1 = 1e-5, KernelL2 = 1e-4, KernelConstraint = Constraint.MaxNorm, KernelConstraintValue = 3)]
            [Softmax, CategoricalCrossentropy]
            public sealed partial class SmallRules;
            """);

    [Fact]
    public void Nested_and_named_after_keywords() =>
        Same(
            "event+struct+class",
            """
            using Compiled;

            public partial record struct @event
            {
                internal static partial class @struct
                {
                    [Model]
                    [Input(3)]
                    [Dense(2, Name = "class"), MeanSquaredError]
                    private protected partial class @class
                    {
                        /// <summary>A member of the user's half.</summary>
                        public float First => Class.Bias.Span[0];
                    }
                }
            }
            """);

    [Fact]
    public void A_declaration_with_errors()
    {
        Project project = Project.Of(
            """
            using Compiled;
            namespace Examples;
            [Model, Input(3), Conv2D(4, 3), Flatten, Dense(2, UseBias = false), MeanSquaredError]
            public sealed partial class Broken;
            """);
        Assert.Equal("CN0010", Assert.Single(project.Analyzer).Id);
        Snapshot.Check("Broken", project);
    }

    private static void Same(string name, string source)
    {
        Project project = Project.Of(source);
        Assert.DoesNotContain(project.Analyzer, diagnostic => diagnostic.Severity == DiagnosticSeverity.Error);
        Snapshot.Check(name, project);
    }
}

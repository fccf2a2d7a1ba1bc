namespace Compiled.Generators.Tests;

/// <summary>Declarations that are right, use nothing of their generated halves, and have something of everything.</summary>
internal static class Originals
{
    public static readonly string[] All =
    [
        """
        using Compiled;

        namespace Examples;

        /// <summary>A net.</summary>
        [Model(Fusion = Fusion.None)]
        [Input(16, 16, 3)]
        [Conv2D(8, 3, Padding = Padding.Same), ReLU]
        [Conv2D(8, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
        [Flatten, Dense(16), ReLU, Dropout(0.5)]
        [Dense(10), Softmax, CategoricalCrossentropy]
        public sealed partial class Net;
        """,
        """
        using Compiled;
        using static Compiled.Padding;

        public static class Sizes { public const int Units = 4; }

        public partial record Outer
        {
            [Model]
            [Input(Sizes.Units, Name = "x")]
            [Dense(Sizes.Units, Trainable = false), ActivityRegularization(L2 = 0.1, Name = "left")]
            [Dense(units: 3, UseBias = false, From = "left"), Tanh, MeanSquaredError(Name = "loss")]
            internal partial class Net
            {
                public int Count { get; set; } = 1;

                public Net(string text) : this(null, text.Length) { }
            }
        }
        """,
        """
        using Compiled;

        [Block, Conv2D(Filters.Half, 1), BatchNormalization(Momentum = 0.9), Concatenate("input", Axis = 3)]
        public sealed class Inner;

        [Block]
        [Block<Inner>(Name = "a"), Conv2D(Filters.Quarter, 3, Padding = Padding.Same), Add("b", From = "c")]
        public sealed class Broken;

        [Block]
        [Conv2D(Filters.Twice, 3, Strides = 2, Padding = Padding.Same), BatchNormalization(Scale = false, Trainable = false), ReLU]
        public sealed class Down;

        [Model]
        [Input(8, 6, 4, Name = "images")]
        [Residual<Down>(Projection = true, Activation = Activation.ReLU, Name = "low"), Block<Inner>(Repeat = 2)]
        [UpSampling2D(2, Interpolation = Interpolation.Bilinear), Concatenate("images", Name = "wide"), Cropping2D(1, 0, 0, 2)]
        [ZeroPadding2D(1, 0), AveragePooling2D(2, 2, Strides = 1), Reshape(8, -1), Flatten, Dense(5, Name = "left")]
        [GlobalMaxPooling2D(From = "wide"), LayerNormalization(Epsilon = 0.1), Dense(5), Add("left", "left"), MeanSquaredError]
        public sealed partial class Net;
        """,
        """
        using Compiled;
        [Model] [Input(9, 7, 2)]
        [Conv2D(4, 2, 3, StridesHeight = 2, StridesWidth = 1, UseBias = true, KernelConstraint = Constraint.MaxNorm), Activation(Activation.Tanh)]
        [MaxPooling2D(poolHeight: 2, poolWidth: 1, Strides = 2, Padding = Padding.Same)]
        [Conv2D(2, 1, DilationRate = 2), Linear, Softmax, SparseCategoricalCrossentropy]
        partial class Images;

        [Model, Input(3), Dense(2), Softmax, SparseCategoricalCrossentropy] partial class Vectors;

        [System.Obsolete] partial class Vectors { private static readonly int[] s_numbers = [1, 2]; public static int Sum => s_numbers[0]; }
        """,
        """
        using Compiled;

        namespace Networks
        {
            [Block]
            [Conv2D(Filters.Quarter, 1, UseBias = false), BatchNormalization, ReLU]
            [Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
            [Conv2D(Filters.FourTimes, 1, UseBias = false), BatchNormalization]
            internal sealed class Bottleneck;

            [Block]
            [Conv2D(Filters.Half, 1, UseBias = false), BatchNormalization, ReLU]
            [Conv2D(Filters.Same, 3, Strides = 2, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
            [Conv2D(Filters.FourTimes, 1, UseBias = false), BatchNormalization(Epsilon = 1e-5)]
            internal sealed class Halving;

            [Block, Residual<Halving>(Projection = true, Activation = Activation.ReLU), Residual<Bottleneck>(Repeat = 3, Activation = Activation.ReLU)]
            internal sealed class Level;

            /// <summary>A residual network in levels, which are blocks of blocks.</summary>
            [Model(Precision = Precision.TF32)]
            [Input(32, 32, 3, Name = "images")]
            [ZeroPadding2D(3), Conv2D(16, 7, Strides = 2, Name = "stem", UseBias = false), BatchNormalization, ReLU, MaxPooling2D(3, Strides = 2)]
            [Level, Block<Level>(Repeat = 2, Name = "levels")]
            [GlobalAveragePooling2D(Name = "features"), Dropout(0.2), Dense(10), SparseCategoricalCrossentropy(FromLogits = true)]
            internal sealed partial class Deep;

            internal sealed class LevelAttribute : System.Attribute;
        }
        """,
        """
        using Compiled;

        internal partial struct Holder
        {
            internal partial interface IInner
            {
                [Model]
                [Input(16, 16, 1)]
                [Conv2D(4, 3, Padding = Padding.Same, Activation = Activation.ReLU, Name = "enc1"), MaxPooling2D]
                [DepthwiseConv2D(3, Padding = Padding.Same, DepthMultiplier = 2), LeakyReLU(NegativeSlope = 0.1, Name = "enc2"), MaxPooling2D(2, Name = "deep")]
                [SeparableConv2D(16, 3, Padding = Padding.Same, PointwiseL2 = 1e-4), GLU, Threshold(-1, -0.5), Sparsemax, LogSoftmax, ELU, SpatialDropout2D(0.1), GaussianNoise(0.01)]
                [UpSampling2D(2), Concatenate("enc2", Name = "up2"), Conv2D(4, 3, Padding = Padding.Same, Groups = 2), ReLU(MaxValue = 6)]
                [UpSampling2D(2, 2), Add("enc1", Name = "up1"), Conv2D(1, 1, Name = "mask"), Sigmoid, BinaryCrossentropy(LabelSmoothing = 0.1)]
                internal sealed partial class @class
                {
                    private int[] Sizes() => [nameof(Holder).Length, 3];
                }
            }
        }
        """,
        """
        using Compiled;

        [Model, Input(6, 6, 2)]
        [Conv2DTranspose(4, 3, Strides = 2, OutputPadding = 1, KernelInitializer = Initializer.FanOutUniform, KernelInitializerValue = 2)]
        [BatchNormalization(GammaInitializer = Initializer.Constant, GammaInitializerValue = 0.5, MovingVarianceInitializer = Initializer.Ones), ReLU]
        [GlobalAveragePooling2D, ActivityRegularization(L2 = 0.01), Dense(3, KernelInitializer = Initializer.Orthogonal), Softmax(Name = "shares")]
        [Tversky(0.3, beta: 0.7, PerSample = true), CategoricalAccuracy(Weighted = true), TopKCategoricalAccuracy(2), IoU(0, 2), MeanIoU, Dice, PearsonCorrelation]
        [F1Score(Average = ScoreAverage.Micro), FBetaScore(2, Threshold = 0.4), CategoricalCrossentropy(Weighted = true, Name = "entropy"), R2Score]
        public sealed partial class Measured;

        [Model, Input(5), Dense(3, Trainable = false), Sigmoid, BinaryFocalCrossentropy(ApplyClassBalancing = true, Gamma = 1.5)]
        [BinaryAccuracy(Threshold = 0.6), TruePositives, FalseNegatives, Precision(Name = "sharp"), Recall, AUC(NumThresholds = 20), BinaryIoU(1)]
        [SensitivityAtSpecificity(0.5), SpecificityAtSensitivity(0.5, NumThresholds = 50), RootMeanSquaredError, Huber(0.5), CosineSimilarity]
        public sealed partial class Questions;
        """,
    ];
}

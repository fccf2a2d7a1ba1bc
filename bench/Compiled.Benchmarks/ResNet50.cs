namespace Compiled.Benchmarks;

/// <summary>A residual network of 50 layers (He et al., 2016; the stride in the 3×3 convolution) as a declaration.</summary>
internal static class ResNet50
{
    public const string Declaration =
        """
        using Compiled;

        namespace Networks;

        /// <summary>Keeps the size, and the channels between its ends to a quarter.</summary>
        [Block]
        [Conv2D(Filters.Quarter, 1, UseBias = false), BatchNormalization, ReLU]
        [Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
        [Conv2D(Filters.FourTimes, 1, UseBias = false), BatchNormalization]
        internal sealed class Bottleneck;

        /// <summary>Begins with what the stem gives: four times the channels.</summary>
        [Block]
        [Conv2D(Filters.Same, 1, UseBias = false), BatchNormalization, ReLU]
        [Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
        [Conv2D(Filters.FourTimes, 1, UseBias = false), BatchNormalization]
        internal sealed class First;

        /// <summary>Halves the size and doubles the channels.</summary>
        [Block]
        [Conv2D(Filters.Half, 1, UseBias = false), BatchNormalization, ReLU]
        [Conv2D(Filters.Same, 3, Strides = 2, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
        [Conv2D(Filters.FourTimes, 1, UseBias = false), BatchNormalization]
        internal sealed class Down;

        [Model]
        [Input(224, 224, 3)]
        [Conv2D(64, 7, Strides = 2, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
        [MaxPooling2D(3, Strides = 2, Padding = Padding.Same)]
        [Residual<First>(Projection = true, Activation = Activation.ReLU), Residual<Bottleneck>(Repeat = 2, Activation = Activation.ReLU)]
        [Residual<Down>(Projection = true, Activation = Activation.ReLU), Residual<Bottleneck>(Repeat = 3, Activation = Activation.ReLU)]
        [Residual<Down>(Projection = true, Activation = Activation.ReLU), Residual<Bottleneck>(Repeat = 5, Activation = Activation.ReLU)]
        [Residual<Down>(Projection = true, Activation = Activation.ReLU), Residual<Bottleneck>(Repeat = 2, Activation = Activation.ReLU)]
        [GlobalAveragePooling2D, Dense(1000), Softmax, SparseCategoricalCrossentropy]
        internal sealed partial class Net;
        """;

    /// <summary>The same for a hundred classes: an edit of the model.</summary>
    public static string Edited => Declaration.Replace("Dense(1000)", "Dense(100)", StringComparison.Ordinal);
}

namespace Compiled.Examples;

/// <summary>Two convolutions, each with its activation: what <see cref="ResNet9"/> adds its input to.</summary>
[Block]
[Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
[Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
public sealed class ConvolutionPair;

/// <summary>A convolution that doubles the channels, and a pooling that halves the extents.</summary>
[Block]
[Conv2D(Filters.Twice, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU, MaxPooling2D(2)]
public sealed class WideningConvolution;

/// <summary>The small residual network of 9 layers that made the fast CIFAR-10 entries of DAWNBench (Page, 2018).</summary>
[Model]
[Input(32, 32, 3)]
[Conv2D(64, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
[Block<WideningConvolution>, Residual<ConvolutionPair>]
[Block<WideningConvolution>]
[Block<WideningConvolution>, Residual<ConvolutionPair>]
[GlobalMaxPooling2D, Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class ResNet9;

/// <summary>The same network with one stage per layer, to compare with.</summary>
[Model(Fusion = Fusion.None)]
[Input(32, 32, 3)]
[Conv2D(64, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
[Block<WideningConvolution>, Residual<ConvolutionPair>]
[Block<WideningConvolution>]
[Block<WideningConvolution>, Residual<ConvolutionPair>]
[GlobalMaxPooling2D, Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class UnfusedResNet9;

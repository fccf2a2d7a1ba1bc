namespace Compiled;

/// <summary>The weights of a convolution.</summary>
/// <param name="Kernel">
/// The kernel [height, width, in, out], where in is that of a group; depthwise [height, width, channels, multiplier], transposed [height,
/// width, out, in].
/// </param>
/// <param name="Bias">The bias [out].</param>
public readonly record struct Conv2DWeights(Weight Kernel, Weight Bias);

/// <summary>The weights of a separable convolution.</summary>
/// <param name="DepthwiseKernel">The kernels of the channels, [height, width, channels, multiplier].</param>
/// <param name="PointwiseKernel">The kernel over the channels, [1, 1, channels · multiplier, out].</param>
/// <param name="Bias">The bias [out]; null without one.</param>
public readonly record struct SeparableConv2DWeights(Weight DepthwiseKernel, Weight PointwiseKernel, Weight? Bias);

/// <summary>The weights of a dense layer.</summary>
/// <param name="Kernel">The kernel [in, out].</param>
/// <param name="Bias">The bias [out].</param>
public readonly record struct DenseWeights(Weight Kernel, Weight Bias);

/// <summary>The weights of a batch normalization, each [channels].</summary>
/// <param name="Gamma">The scale; null without one.</param>
/// <param name="Beta">The shift; null without one.</param>
/// <param name="MovingMean">The moving average of the mean.</param>
/// <param name="MovingVariance">The moving average of the variance.</param>
public readonly record struct BatchNormalizationWeights(Weight? Gamma, Weight? Beta, Weight MovingMean, Weight MovingVariance);

/// <summary>The weights of a layer normalization, each [features].</summary>
/// <param name="Gamma">The scale; null without one.</param>
/// <param name="Beta">The shift; null without one.</param>
public readonly record struct LayerNormalizationWeights(Weight? Gamma, Weight? Beta);

/// <summary>The weights of a convolution or dense layer without a bias.</summary>
/// <param name="Kernel">The kernel.</param>
public readonly record struct KernelWeights(Weight Kernel);

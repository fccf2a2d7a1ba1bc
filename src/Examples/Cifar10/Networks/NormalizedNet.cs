namespace Compiled.Examples;

/// <summary>The convolutional part of <see cref="Cifar10Net"/> with a normalization behind each convolution.</summary>
[Block]
[Conv2D(32, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
[Conv2D(32, 3, UseBias = false), BatchNormalization, ReLU, MaxPooling2D(2)]
[Conv2D(64, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
[Conv2D(64, 3, UseBias = false), BatchNormalization, ReLU, MaxPooling2D(2)]
public sealed class NormalizedConvolutions;

/// <summary>
/// <see cref="Cifar10Net"/> with batch normalization, which learns faster. No dropout stands before a normalization: it would spread values
/// in training as it does not in prediction, and the moving variances would be wrong (Li et al., 2018, https://arxiv.org/abs/1801.05134).
/// </summary>
[Model]
[Input(32, 32, 3), Block<NormalizedConvolutions>(Name = "convolutions")]
[Flatten, Dense(512, UseBias = false), BatchNormalization, ReLU, Dropout(0.5)]
[Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class NormalizedNet;

/// <summary>The same network with one stage per layer, to compare with.</summary>
[Model(Fusion = Fusion.None)]
[Input(32, 32, 3), Block<NormalizedConvolutions>(Name = "convolutions")]
[Flatten, Dense(512, UseBias = false), BatchNormalization, ReLU, Dropout(0.5)]
[Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class UnfusedNormalizedNet;

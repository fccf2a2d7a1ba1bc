namespace Compiled.Examples;

/// <summary>Two convolutions that keep the shape of their input.</summary>
[Block]
[Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
[Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization]
public sealed class BasicBlock;

/// <summary>Two convolutions, of which the first halves the extents and doubles the channels.</summary>
[Block]
[Conv2D(Filters.Twice, 3, Strides = 2, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
[Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization]
public sealed class DownBlock;

/// <summary>The residual network of 18 layers for images of 32×32 (He et al., 2016): its first convolution keeps the extents.</summary>
[Model]
[Input(32, 32, 3)]
[Conv2D(64, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
[Residual<BasicBlock>(Repeat = 2, Activation = Activation.ReLU)]
[Residual<DownBlock>(Projection = true, Activation = Activation.ReLU), Residual<BasicBlock>(Activation = Activation.ReLU)]
[Residual<DownBlock>(Projection = true, Activation = Activation.ReLU), Residual<BasicBlock>(Activation = Activation.ReLU)]
[Residual<DownBlock>(Projection = true, Activation = Activation.ReLU), Residual<BasicBlock>(Activation = Activation.ReLU)]
[GlobalAveragePooling2D, Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class ResNet18;

/// <summary>The same network with one stage per layer, to compare with.</summary>
[Model(Fusion = Fusion.None)]
[Input(32, 32, 3)]
[Conv2D(64, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
[Residual<BasicBlock>(Repeat = 2, Activation = Activation.ReLU)]
[Residual<DownBlock>(Projection = true, Activation = Activation.ReLU), Residual<BasicBlock>(Activation = Activation.ReLU)]
[Residual<DownBlock>(Projection = true, Activation = Activation.ReLU), Residual<BasicBlock>(Activation = Activation.ReLU)]
[Residual<DownBlock>(Projection = true, Activation = Activation.ReLU), Residual<BasicBlock>(Activation = Activation.ReLU)]
[GlobalAveragePooling2D, Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class UnfusedResNet18;

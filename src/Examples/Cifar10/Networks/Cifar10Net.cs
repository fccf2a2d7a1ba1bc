namespace Compiled.Examples;

/// <summary>The convolutional network of the Keras CIFAR-10 example.</summary>
[Model]
[Input(32, 32, 3)]
[Conv2D(32, 3, Padding = Padding.Same), ReLU]
[Conv2D(32, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Conv2D(64, 3, Padding = Padding.Same), ReLU]
[Conv2D(64, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Flatten, Dense(512), ReLU, Dropout(0.5)]
[Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class Cifar10Net;

/// <summary>The same network with one stage per layer, to compare with.</summary>
[Model(Fusion = Fusion.None)]
[Input(32, 32, 3)]
[Conv2D(32, 3, Padding = Padding.Same), ReLU]
[Conv2D(32, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Conv2D(64, 3, Padding = Padding.Same), ReLU]
[Conv2D(64, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Flatten, Dense(512), ReLU, Dropout(0.5)]
[Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class UnfusedCifar10Net;

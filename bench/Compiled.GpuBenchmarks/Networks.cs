namespace Compiled.GpuBenchmarks;

/// <summary>The network of <see cref="Examples.Cifar10Net"/> with products in TF32.</summary>
[Model(Precision = Precision.TF32)]
[Input(32, 32, 3)]
[Conv2D(32, 3, Padding = Padding.Same), ReLU]
[Conv2D(32, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Conv2D(64, 3, Padding = Padding.Same), ReLU]
[Conv2D(64, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Flatten, Dense(512), ReLU, Dropout(0.5)]
[Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class TF32Net;

/// <summary>The same with one stage per layer.</summary>
[Model(Precision = Precision.TF32, Fusion = Fusion.None)]
[Input(32, 32, 3)]
[Conv2D(32, 3, Padding = Padding.Same), ReLU]
[Conv2D(32, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Conv2D(64, 3, Padding = Padding.Same), ReLU]
[Conv2D(64, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Flatten, Dense(512), ReLU, Dropout(0.5)]
[Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class UnfusedTF32Net;

/// <summary>The network of <see cref="Examples.Cifar10Net"/> with products in bfloat16.</summary>
[Model(Precision = Precision.BFloat16)]
[Input(32, 32, 3)]
[Conv2D(32, 3, Padding = Padding.Same), ReLU]
[Conv2D(32, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Conv2D(64, 3, Padding = Padding.Same), ReLU]
[Conv2D(64, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Flatten, Dense(512), ReLU, Dropout(0.5)]
[Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class BFloat16Net;

/// <summary>The same with one stage per layer.</summary>
[Model(Precision = Precision.BFloat16, Fusion = Fusion.None)]
[Input(32, 32, 3)]
[Conv2D(32, 3, Padding = Padding.Same), ReLU]
[Conv2D(32, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Conv2D(64, 3, Padding = Padding.Same), ReLU]
[Conv2D(64, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Flatten, Dense(512), ReLU, Dropout(0.5)]
[Dense(10), Softmax, CategoricalCrossentropy]
public sealed partial class UnfusedBFloat16Net;

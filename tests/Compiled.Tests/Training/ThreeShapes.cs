namespace Compiled.Tests;

/// <summary>A small convolutional classifier with every part that training has: pooling with saved codes, dropout, dense layers.</summary>
[Model]
[Input(6, 6, 2)]
[Conv2D(4, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Flatten, Dense(8), ReLU, Dropout(0.5)]
[Dense(3), Softmax, CategoricalCrossentropy]
public sealed partial class ThreeShapes;

/// <summary>Its twin with one stage per layer.</summary>
[Model(Fusion = Fusion.None)]
[Input(6, 6, 2)]
[Conv2D(4, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Flatten, Dense(8), ReLU, Dropout(0.5)]
[Dense(3), Softmax, CategoricalCrossentropy]
public sealed partial class ThreeShapesUnfused;

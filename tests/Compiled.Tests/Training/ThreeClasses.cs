namespace Compiled.Tests;

/// <summary>A classifier without randomness in training.</summary>
[Model]
[Input(5)]
[Dense(8), Tanh]
[Dense(3), Softmax, CategoricalCrossentropy]
public sealed partial class ThreeClasses;

/// <summary>The same with class numbers for targets.</summary>
[Model]
[Input(5)]
[Dense(8), Tanh]
[Dense(3), Softmax, SparseCategoricalCrossentropy]
public sealed partial class ThreeClassesByNumber;

/// <summary>The same as a regression.</summary>
[Model]
[Input(5)]
[Dense(8), Tanh]
[Dense(3), MeanSquaredError]
public sealed partial class ThreeValues;

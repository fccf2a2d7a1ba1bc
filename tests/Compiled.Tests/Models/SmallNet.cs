namespace Compiled.Tests;

/// <summary>A little of everything, for tests that are about the model around the layers.</summary>
[Model]
[Input(9, 8, 3)]
[Conv2D(6, 3, Padding = Padding.Same), Tanh]
[Conv2D(7, 2, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Flatten, Dense(19), Sigmoid, Dropout(0.5)]
[Dense(5), Softmax, SparseCategoricalCrossentropy]
public sealed partial class SmallNet
{
    /// <summary>Samples with classes, none of them like another.</summary>
    public static ArrayDataset Samples(int count) => new(
        Draw.Reals(1, count, 9, 8, 3).ToFloats(), [9, 8, 3],
        (int[])[.. Enumerable.Range(0, count).Select(i => (int)(Philox.Word(2, 0xF000, 0, (ulong)i) % 5))], classCount: 5);
}

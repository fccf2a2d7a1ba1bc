namespace Compiled.Misuse;

/// <summary>A model with every native op that has state, small enough for thousands of steps.</summary>
[Model]
[Input(6, 6, 2)]
[Conv2D(4, 3), ReLU, MaxPooling2D(2), Dropout(0.25)]
[Flatten, Dense(8), Sigmoid, Dropout(0.5)]
[Dense(3), Softmax, CategoricalCrossentropy]
internal sealed partial class Net
{
    public const int Batch = 4;

    public static float[] Inputs { get; } = [.. Enumerable.Range(0, Batch * 72).Select(i => Philox.Uniform(1, 0xF000, 0, (ulong)i) - 0.5f)];

    public static int[] ClassIds { get; } = [0, 2, 1, 2];

    public static ArrayDataset Data { get; } = new(Inputs, [6, 6, 2], ClassIds, 3);
}

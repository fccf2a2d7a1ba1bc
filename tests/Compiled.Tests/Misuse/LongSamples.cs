namespace Compiled.Tests;

/// <summary>A model whose samples are so long that the bytes of a large batch of them overflow.</summary>
[Model]
[Input(2_000_000_000)]
[Dense(1), MeanSquaredError]
public sealed partial class LongestSamples;

/// <summary>A model whose samples are so long that few of them fill a span.</summary>
[Model]
[Input(100_000_000)]
[Dense(1), MeanSquaredError]
public sealed partial class LongSamples;

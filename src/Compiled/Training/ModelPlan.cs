namespace Compiled;

/// <summary>
/// What was known of a model when the program was built: its layers, its weights and where everything lies in memory. Generated code
/// makes it; <see cref="Model.Plan"/> shows it.
/// </summary>
public sealed record ModelPlan
{
    /// <summary>The name of the class.</summary>
    public required string Name { get; init; }

    /// <summary>The network in one canonical line per layer; equal text is an equal network.</summary>
    public required string Graph { get; init; }

    /// <summary>Whether layers are fused into stages.</summary>
    public required bool Fused { get; init; }

    /// <summary>How products are computed, on a device that has a choice.</summary>
    public required Precision Precision { get; init; }

    /// <summary>The shape of one input, without the batch.</summary>
    public required IReadOnlyList<int> InputShape { get; init; }

    /// <summary>The shape of one prediction.</summary>
    public required IReadOnlyList<int> OutputShape { get; init; }

    /// <summary>The shape of one target: the output's, or for class numbers the output's without its last axis.</summary>
    public required IReadOnlyList<int> TargetShape { get; init; }

    /// <summary>What targets are.</summary>
    public required TargetKind Target { get; init; }

    /// <summary>The layers in order.</summary>
    public required IReadOnlyList<LayerPlan> Layers { get; init; }

    /// <summary>The weights in order.</summary>
    public required IReadOnlyList<ParameterPlan> Parameters { get; init; }

    /// <summary>Bytes of the weights that the optimizer changes, with their padding. They come first.</summary>
    public required long TrainableBytes { get; init; }

    /// <summary>Bytes of all weights, with the padding that aligns each; the gradients take as many.</summary>
    public required long ParameterBytes { get; init; }

    /// <summary>
    /// Bytes of the weights that prediction multiplies batch normalizations into; 0 where there are none. They lie in the spare part of the
    /// values if the batch is large enough for that.
    /// </summary>
    public long FoldedBytes { get; init; }

    /// <summary>Where the part of the values begins that training alone has a use for: bytes per sample of the batch.</summary>
    public long SpareOffset { get; init; }

    /// <summary>The size of that part per sample of the batch; 0 where nobody asks.</summary>
    public long SpareBytesPerSample { get; init; }

    /// <summary>Bytes of activations and their gradients per sample of the batch.</summary>
    public required long ValueBytesPerSample { get; init; }

    /// <summary>Where the input lies among the values: bytes per sample of the batch.</summary>
    public required long InputOffset { get; init; }

    /// <summary>Where predictions lie among the values.</summary>
    public required long OutputOffset { get; init; }

    /// <summary>Where targets lie among the values.</summary>
    public required long TargetOffset { get; init; }

    /// <summary>How many native calls a training step makes, the optimizer's included.</summary>
    public required int NativeCallsPerStep { get; init; }

    /// <summary>
    /// The first layer that trains on mean and variance of the samples of a batch alone, which with a batch size of 1 tell nothing; null for
    /// none.
    /// </summary>
    public string? BatchNormalizedLayer { get; init; }

    /// <summary>Whether the model counts hits, so that its accuracy is known.</summary>
    public required bool HasAccuracy { get; init; }

    /// <summary>The class number whose positions the loss leaves out; null for none.</summary>
    public int? IgnoredClass { get; init; }

    /// <summary>The metrics in order.</summary>
    public IReadOnlyList<MetricPlan> Metrics { get; init; } = [];

    /// <summary>The number of values of all weights.</summary>
    public long ParameterCount => Parameters.Sum(parameter => parameter.Count);

    /// <summary>The number of values that the optimizer changes.</summary>
    public long TrainableCount => Parameters.Where(parameter => parameter.Trainable).Sum(parameter => parameter.Count);
}

/// <summary>What the targets of a model are.</summary>
public enum TargetKind
{
    /// <summary>Floats of the output's shape.</summary>
    Tensor,

    /// <summary>Class numbers from 0.</summary>
    ClassId,
}

/// <summary>A layer of a <see cref="ModelPlan"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What it is and how it is set, e.g. <c>Conv2D 3×3 same, 32 filters</c>.</param>
/// <param name="OutputShape">The shape it gives, without the batch.</param>
/// <param name="ParameterCount">The values of its weights.</param>
/// <param name="Stage">The stage it belongs to, from 1.</param>
public sealed record LayerPlan(string Name, string Kind, IReadOnlyList<int> OutputShape, long ParameterCount, int Stage);

/// <summary>A weight of a <see cref="ModelPlan"/>.</summary>
/// <param name="Name">Its name in files, e.g. <c>conv2d_1/kernel</c>.</param>
/// <param name="Offset">Its first byte among the weights.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Initializer">How it starts.</param>
/// <param name="FanIn">Inputs of one unit, for the initializer.</param>
/// <param name="FanOut">Units of one input, for the initializer.</param>
/// <param name="Stream">The random stream of its initial values.</param>
public sealed record ParameterPlan(
    string Name, long Offset, IReadOnlyList<int> Shape, Initializer Initializer, long FanIn, long FanOut, uint Stream)
{
    /// <summary>Whether the optimizer changes it; the moving averages of a normalization change by themselves.</summary>
    public bool Trainable { get; init; } = true;

    /// <summary>The parameter of the initializer; null for its default.</summary>
    public double? InitializerValue { get; init; }

    /// <summary>What the sum of its magnitudes adds to the loss; 0 for nothing.</summary>
    public double L1 { get; init; }

    /// <summary>What the sum of its squares adds to the loss; 0 for nothing.</summary>
    public double L2 { get; init; }

    /// <summary>What it is made to be after each update; null for anything.</summary>
    public ConstraintPlan? Constraint { get; init; }

    /// <summary>The number of values.</summary>
    public long Count => Shapes.Size(Shape);
}

/// <summary>What a weight is made to be after each update.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Minimum">The least norm, of the kind that has one.</param>
/// <param name="Maximum">The largest norm, of the kinds that have one.</param>
/// <param name="Rate">How far a norm outside of its range moves into it, of the kind that has one.</param>
public sealed record ConstraintPlan(Constraint Kind, double Minimum, double Maximum, double Rate);

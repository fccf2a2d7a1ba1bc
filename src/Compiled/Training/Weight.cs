namespace Compiled;

/// <summary>A tensor of trainable values of a model, and its gradient. A view: it costs nothing and is valid while the model is.</summary>
public readonly struct Weight : IEquatable<Weight>
{
    private readonly Model _model;
    private readonly ParameterPlan _plan;

    internal Weight(Model model, ParameterPlan plan)
    {
        _model = model;
        _plan = plan;
    }

    /// <summary>The name in files, e.g. <c>conv2d_1/kernel</c>.</summary>
    public string Name => _plan.Name;

    /// <summary>The shape: kernels of convolutions are [height, width, in, out], of dense layers [in, out].</summary>
    public IReadOnlyList<int> Shape => _plan.Shape;

    /// <summary>The number of values.</summary>
    public int Count => (int)_plan.Count;

    /// <summary>
    /// The values, row-major, to read and to write. Not to be used while the model trains or after it is disposed. On a GPU this is a copy,
    /// which goes back to the device before the model runs next: take it anew after every call of the model.
    /// </summary>
    /// <remarks>
    /// On the CPU a model cannot see what is written here. From the first span on, every prediction multiplies normalizations into the weights
    /// anew, which costs a little where batches are small.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public Span<float> Span => _model.ParameterSpan(_plan);

    /// <summary>Whether the optimizer changes it.</summary>
    public bool Trainable => _plan.Trainable;

    /// <summary>The gradient of the last batch, in the layout of <see cref="Span"/> and to be used like it.</summary>
    /// <exception cref="InvalidOperationException">The weight is not trainable: it has no gradient.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public Span<float> Gradient => Trainable
        ? _model.GradientSpan(_plan)
        : throw new InvalidOperationException($"'{Name}' is not trained: it has no gradient.");

    /// <summary>Whether two weights are the same tensor of the same model.</summary>
    /// <param name="left">One weight.</param>
    /// <param name="right">Another weight.</param>
    public static bool operator ==(Weight left, Weight right) => left.Equals(right);

    /// <summary>Whether two weights are different tensors.</summary>
    /// <param name="left">One weight.</param>
    /// <param name="right">Another weight.</param>
    public static bool operator !=(Weight left, Weight right) => !left.Equals(right);

    /// <inheritdoc/>
    public bool Equals(Weight other) => ReferenceEquals(_model, other._model) && ReferenceEquals(_plan, other._plan);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Weight other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(_model, _plan);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {string.Join('×', Shape)}";
}

namespace Compiled.Reference;

/// <summary>A value in a computation, and the gradient of its result with respect to it.</summary>
public sealed class Node(Tensor value)
{
    public Tensor Value { get; } = value;

    /// <summary>0 until <see cref="Tape.Backward"/>; then the sum over all uses of the value.</summary>
    public Tensor Gradient { get; } = new(value.Shape);

    internal void Accumulate(Tensor gradient)
    {
        for (int i = 0; i < Gradient.Count; i++)
            Gradient.Values[i] += gradient.Values[i];
    }
}

/// <summary>
/// A computation of any shape, as it runs: ops write down how their gradients go back. A branch is a node that is used twice.
/// </summary>
public sealed class Tape
{
    private readonly Stack<Action> _backward = [];

    /// <summary>An input or a weight.</summary>
    public static Node Input(Tensor value) => new(value);

    /// <summary>A result.</summary>
    /// <param name="value">The value.</param>
    /// <param name="inputs">What it was computed from.</param>
    /// <param name="gradients">From the gradient of the result, those of the inputs, in the same order.</param>
    public Node Record(Tensor value, IReadOnlyList<Node> inputs, Func<Tensor, IReadOnlyList<Tensor>> gradients)
    {
        var node = new Node(value);
        _backward.Push(() =>
        {
            foreach ((Node input, Tensor gradient) in inputs.Zip(gradients(node.Gradient)))
                input.Accumulate(gradient);
        });
        return node;
    }

    /// <summary>Carries a gradient of the result back to all nodes.</summary>
    public void Backward(Node result, Tensor gradient)
    {
        result.Accumulate(gradient);
        while (_backward.TryPop(out Action? step))
            step();
    }

    public Node Convolve(Node x, Node kernel, Node? bias, Window2D window) =>
        Record(Convolution.Forward(x.Value, kernel.Value, bias?.Value, window), Weighted(x, kernel, bias),
            dy => Weighted(Convolution.Backward(x.Value, kernel.Value, dy, window), bias));

    public Node ConvolveByDepth(Node x, Node kernel, Node? bias, Window2D window) =>
        Record(DepthwiseConvolution.Forward(x.Value, kernel.Value, bias?.Value, window), Weighted(x, kernel, bias),
            dy => Weighted(DepthwiseConvolution.Backward(x.Value, kernel.Value, dy, window), bias));

    public Node ConvolveSeparably(Node x, Node depthwise, Node pointwise, Node? bias, Window2D window) =>
        Convolve(ConvolveByDepth(x, depthwise, null, window), pointwise, bias, new Window2D(1, 1, 1, 1, Same: false));

    public Node ConvolveTransposed(Node x, Node kernel, Node? bias, Window2D window, (int Height, int Width)? outputPadding = null) =>
        Record(TransposedConvolution.Forward(x.Value, kernel.Value, bias?.Value, window, outputPadding), Weighted(x, kernel, bias),
            dy => Weighted(TransposedConvolution.Backward(x.Value, kernel.Value, dy, window), bias));

    public Node Dense(Node x, Node kernel, Node? bias) =>
        Record(FullyConnected.Forward(x.Value, kernel.Value, bias?.Value), Weighted(x, kernel, bias),
            dy => Weighted(FullyConnected.Backward(x.Value, kernel.Value, dy), bias));

    public Node Activate(Node x, ActivationRule activation) =>
        Record(activation.Forward(x.Value), [x], dy => [activation.Backward(x.Value, dy)]);

    /// <summary>Batch normalization with the statistics of the batch, which are given out as well.</summary>
    public Node Normalize(Node x, Node? gamma, Node? beta, double epsilon, out Tensor mean, out Tensor variance)
    {
        (Tensor y, mean, variance) = BatchNormalization.Train(x.Value, gamma?.Value, beta?.Value, epsilon);
        return Record(y, Affine(x, gamma, beta),
            dy => Affine(BatchNormalization.TrainBackward(x.Value, gamma?.Value, dy, epsilon), gamma, beta));
    }

    /// <summary>Batch normalization with given statistics: prediction, or a frozen layer.</summary>
    public Node NormalizeFrozen(Node x, Node? gamma, Node? beta, Tensor mean, Tensor variance, double epsilon) =>
        Record(BatchNormalization.Infer(x.Value, gamma?.Value, beta?.Value, mean, variance, epsilon), Affine(x, gamma, beta),
            dy => Affine(BatchNormalization.InferBackward(x.Value, gamma?.Value, mean, variance, dy, epsilon), gamma, beta));

    public Node NormalizeLayer(Node x, Node? gamma, Node? beta, double epsilon, int axes = 1) =>
        Record(LayerNormalization.Forward(x.Value, gamma?.Value, beta?.Value, epsilon, axes), Affine(x, gamma, beta),
            dy => Affine(LayerNormalization.Backward(x.Value, gamma?.Value, dy, epsilon, axes), gamma, beta));

    public Node Pool(Node x, Window2D window) =>
        Record(MaxPooling.Forward(x.Value, window), [x], dy => [MaxPooling.Backward(x.Value, dy, window)]);

    public Node AveragePool(Node x, Window2D window) =>
        Record(AveragePooling.Forward(x.Value, window), [x], dy => [AveragePooling.Backward(x.Value, dy, window)]);

    public Node GlobalAveragePool(Node x) =>
        Record(GlobalPooling.AverageForward(x.Value), [x], dy => [GlobalPooling.AverageBackward(x.Value, dy)]);

    public Node GlobalMaxPool(Node x) =>
        Record(GlobalPooling.MaxForward(x.Value), [x], dy => [GlobalPooling.MaxBackward(x.Value, dy)]);

    /// <summary>Dropout of elements or channels, with a mask that was drawn.</summary>
    public Node Drop(Node x, bool[] kept, double rate) =>
        Record(Masks.Apply(x.Value, kept, rate), [x], dy => [Masks.Apply(dy, kept, rate)]);

    public Node AddNoise(Node x, double deviation, Func<int, uint> word) => Record(Noise.Add(x.Value, deviation, word), [x], dy => [dy]);

    public Node Enlarge(Node x, UpSampling factors) =>
        Record(factors.Forward(x.Value), [x], dy => [factors.Backward(x.Value, dy)]);

    public Node Pad(Node x, Margins margins) => Record(margins.Pad(x.Value), [x], dy => [margins.PadBackward(dy)]);

    public Node Crop(Node x, Margins margins) => Record(margins.Crop(x.Value), [x], dy => [margins.CropBackward(dy)]);

    public Node Add(params IReadOnlyList<Node> inputs) =>
        Record(Joins.Add([.. inputs.Select(x => x.Value)]), inputs, dy => [.. inputs.Select(_ => dy)]);

    public Node Concatenate(int axis, params IReadOnlyList<Node> inputs) =>
        Record(Joins.Concatenate(axis, [.. inputs.Select(x => x.Value)]), inputs,
            dy => Joins.ConcatenateBackward(axis, dy, [.. inputs.Select(x => x.Value.Shape)]));

    public Node Reshape(Node x, params IReadOnlyList<int> target) =>
        Record(Reshaping.Reshape(x.Value, target), [x], dy => [Reshaping.Backward(x.Value, dy)]);

    private static IReadOnlyList<Node> Weighted(Node x, Node kernel, Node? bias) => bias is null ? [x, kernel] : [x, kernel, bias];

    private static IReadOnlyList<Tensor> Weighted((Tensor Dx, Tensor Dkernel, Tensor Dbias) gradients, Node? bias) =>
        bias is null ? [gradients.Dx, gradients.Dkernel] : [gradients.Dx, gradients.Dkernel, gradients.Dbias];

    private static IReadOnlyList<Node> Affine(Node x, Node? gamma, Node? beta) => [x, .. Present(gamma), .. Present(beta)];

    private static IReadOnlyList<Tensor> Affine((Tensor Dx, Tensor Dgamma, Tensor Dbeta) gradients, Node? gamma, Node? beta) =>
        [gradients.Dx, .. gamma is null ? [] : (Tensor[])[gradients.Dgamma], .. beta is null ? [] : (Tensor[])[gradients.Dbeta]];

    private static IEnumerable<Node> Present(Node? node) => node is null ? [] : [node];
}

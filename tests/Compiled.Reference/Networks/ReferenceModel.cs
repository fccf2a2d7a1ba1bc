namespace Compiled.Reference;

/// <summary>A <see cref="Network"/> that runs on the reference ops: forward, gradients, updates.</summary>
/// <param name="network">The network.</param>
/// <param name="weights">Kernel and bias of each weighted layer, in their order.</param>
/// <param name="dropoutWord">The random word of an element: (number of the dropout layer, update, element).</param>
public sealed class ReferenceModel(Network network, IReadOnlyList<Tensor> weights, Func<int, int, int, uint> dropoutWord)
{
    /// <summary>The weights, as they stand.</summary>
    public IReadOnlyList<Tensor> Weights => weights;

    /// <summary>The number of finished updates.</summary>
    public int Updates { get; private set; }

    /// <summary>The output of prediction.</summary>
    public Tensor Predict(Tensor x) => Run(x, training: false)[^1];

    /// <summary>The mean loss of a training pass, and the gradient of each weight.</summary>
    public (double Loss, IReadOnlyList<Tensor> Gradients) Differentiate(Tensor x, Tensor target)
    {
        List<Tensor> values = Run(x, training: true);
        (double[] losses, Tensor gradient) = Losses.Evaluate(network.Loss, target, values[^1], fromLogits: false);
        List<Tensor> gradients = [];
        int weight = weights.Count;
        int dropout = network.Layers.Count(layer => layer is DropoutLayer);
        for (int i = network.Layers.Count - 1; i >= 0; i--)
            gradient = Backward(network.Layers[i], values[i], values[i + 1], gradient, ref weight, ref dropout, gradients);
        gradients.Reverse();
        return (losses.Average(), gradients);
    }

    /// <summary>One update; gives the loss before it.</summary>
    public double Train(Tensor x, Tensor target, IReadOnlyList<OptimizerRule> rules)
    {
        (double loss, IReadOnlyList<Tensor> gradients) = Differentiate(x, target);
        for (int i = 0; i < weights.Count; i++)
            rules[i].Update(weights[i].Values, gradients[i].Values);
        Updates++;
        return loss;
    }

    // values[i] is the input of layer i.
    private List<Tensor> Run(Tensor x, bool training)
    {
        List<Tensor> values = [x];
        int weight = 0, dropout = 0;
        foreach (Layer layer in network.Layers)
        {
            Tensor input = values[^1];
            values.Add(layer switch
            {
                Conv2DLayer conv => Convolution.Forward(input, weights[weight++], conv.UseBias ? weights[weight++] : null, conv.Window),
                DenseLayer dense => FullyConnected.Forward(input, weights[weight++], dense.UseBias ? weights[weight++] : null),
                ActivationLayer activation => Activations.Forward(activation.Activation, input),
                MaxPooling2DLayer pooling => MaxPooling.Forward(input, pooling.Window),
                DropoutLayer { Rate: var rate } => training ? Masks.Apply(input, Mask(dropout++, input, rate), rate) : input,
                FlattenLayer => input.Reshape(input.Shape[0], input.Count / input.Shape[0]),
                _ => throw new NotSupportedException(layer.ToString()),
            });
        }

        return values;
    }

    private Tensor Backward(Layer layer, Tensor x, Tensor y, Tensor dy, ref int weight, ref int dropout, List<Tensor> gradients)
    {
        switch (layer)
        {
            case WeightedLayer weighted:
                weight -= weighted.UseBias ? 2 : 1;
                (Tensor dx, Tensor dkernel, Tensor dbias) = weighted is Conv2DLayer conv
                    ? Convolution.Backward(x, weights[weight], dy, conv.Window)
                    : FullyConnected.Backward(x, weights[weight], dy);
                if (weighted.UseBias)
                    gradients.Add(dbias);
                gradients.Add(dkernel);
                return dx;
            case ActivationLayer activation:
                return Activations.Backward(activation.Activation, y, dy);
            case MaxPooling2DLayer pooling:
                return MaxPooling.Backward(x, dy, pooling.Window);
            case DropoutLayer { Rate: var rate }:
                return Masks.Apply(dy, Mask(--dropout, dy, rate), rate);
            case FlattenLayer:
                return dy.Reshape(x.Shape);
            default:
                throw new NotSupportedException(layer.ToString());
        }
    }

    private bool[] Mask(int dropout, Tensor x, double rate) => Masks.Draw(x.Count, rate, element => dropoutWord(dropout, Updates, element));
}

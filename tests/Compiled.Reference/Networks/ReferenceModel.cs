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

    /// <summary>
    /// How near the closest decision of all training passes was to another outcome: a ReLU's input to 0, a window's maximum to another
    /// cell; in parts of the largest value beside it, of 1 at least. Whoever rounds otherwise by more than this may decide otherwise.
    /// </summary>
    public double Margin { get; private set; } = double.PositiveInfinity;

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
            if (training)
                Margin = Math.Min(Margin, Distance(layer, input) / Math.Max(1, input.Values.Max(Math.Abs)));
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

    private static double Distance(Layer layer, Tensor x) => layer switch
    {
        ActivationLayer { Activation: "relu" } =>
            x.Values.Where(value => value != 0).Select(Math.Abs).DefaultIfEmpty(double.PositiveInfinity).Min(),
        MaxPooling2DLayer pooling => MaxPooling.Distance(x, pooling.Window),
        _ => double.PositiveInfinity,
    };

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

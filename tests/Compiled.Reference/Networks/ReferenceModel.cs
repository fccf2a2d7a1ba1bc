namespace Compiled.Reference;

/// <summary>A <see cref="Network"/> that runs on the reference ops: forward, gradients, updates.</summary>
/// <param name="network">The network.</param>
/// <param name="weights">The weights, in the order of the network.</param>
/// <param name="randomWord">The random word of an element: (number of the random layer, update, element).</param>
public sealed class ReferenceModel(Network network, IReadOnlyList<Tensor> weights, Func<int, int, int, uint> randomWord)
{
    private readonly (int Layer, LayerWeight Weight)[] _weights = [.. network.Weights()];
    private double _activityPenalty; // of the last pass

    /// <summary>The weights, as they stand.</summary>
    public IReadOnlyList<Tensor> Weights => weights;

    /// <summary>The number of finished updates.</summary>
    public int Updates { get; private set; }

    /// <summary>
    /// Whether the values of each layer are moved up or down by the distance of 1 from the next float: what that changes tells how far
    /// rounding may lead.
    /// </summary>
    public bool Wobbles { get; init; }

    /// <summary>
    /// How near the closest decision of all training passes was to another outcome: a ReLU's input to 0, a window's maximum to another
    /// cell; in parts of the largest value beside it, of 1 at least; 0 if a loss clips. Whoever rounds otherwise by more than this may decide otherwise.
    /// </summary>
    public double Margin { get; private set; } = double.PositiveInfinity;

    /// <summary>The output of prediction.</summary>
    public Tensor Predict(Tensor x)
    {
        Tensor prediction = Run(new Tape(), x, Inputs(), training: false).Value;
        NoteClipping(prediction);
        return prediction;
    }

    /// <summary>The mean loss of prediction, with all penalties.</summary>
    public double Test(Tensor x, Tensor target)
    {
        Tensor prediction = Predict(x);
        return Losses.Evaluate(network.Loss, target, prediction, fromLogits: false).Values.Average() + Penalty();
    }

    /// <summary>
    /// The mean loss of a training pass with all penalties, and the gradient of each weight, of no elements where training does not change
    /// it. It moves the statistics of normalizations, as every training pass does.
    /// </summary>
    public (double Loss, IReadOnlyList<Tensor> Gradients) Differentiate(Tensor x, Tensor target)
    {
        var tape = new Tape();
        Node[] nodes = Inputs();
        Node output = Run(tape, x, nodes, training: true);
        (double[] losses, Tensor gradient) = Losses.Evaluate(network.Loss, target, output.Value, fromLogits: false);
        NoteClipping(output.Value);
        tape.Backward(output, gradient);
        return (
            losses.Average() + Penalty(),
            [.. nodes.Select((node, i) => _weights[i].Weight is { Trainable: true, Rule.Regularizer: var regularizer }
                ? regularizer.Gradient(weights[i], node.Gradient) : new Tensor([0]))]);
    }

    /// <summary>One update; gives the loss before it.</summary>
    public double Train(Tensor x, Tensor target, IReadOnlyList<OptimizerRule> rules)
    {
        (double loss, IReadOnlyList<Tensor> gradients) = Differentiate(x, target);
        for (int i = 0; i < weights.Count; i++)
        {
            if (!_weights[i].Weight.Trainable)
                continue;
            rules[i].Update(weights[i].Values, gradients[i].Values);
            _weights[i].Weight.Rule.Constrain(weights[i]);
        }

        Updates++;
        return loss;
    }

    /// <summary>A cross-entropy clips probabilities, and takes them from logits as they are: there the two ways decide otherwise.</summary>
    private void NoteClipping(Tensor output)
    {
        const double Clip = 1e-7;
        bool clips = network.Loss.EndsWith("crossentropy", StringComparison.Ordinal);
        if (clips && (output.Values.Min() < 2 * Clip || (network.Loss == "binary_crossentropy" && output.Values.Max() > 1 - (2 * Clip))))
            Margin = 0;
    }

    /// <summary>Of the weights that are trained, and of the values of the last pass.</summary>
    private double Penalty() => _activityPenalty + _weights.Select(
        (pair, i) => pair.Weight.Trainable ? pair.Weight.Rule.Regularizer.Penalty(weights[i]) : 0).Sum();

    private Node[] Inputs() => [.. weights.Select(Tape.Input)];

    private Node Run(Tape tape, Tensor x, Node[] nodes, bool training)
    {
        List<Node> values = [Tape.Input(x)];
        _activityPenalty = 0;
        int randomLayers = 0;
        for (int i = 0; i < network.Layers.Count; i++)
        {
            Layer layer = network.Layers[i];
            Node[] inputs = [.. network.Reads(i).Select(value => values[value])];
            if (training)
                Margin = Math.Min(Margin, Distance(layer, inputs[0].Value) / Math.Max(1, inputs[0].Value.Values.Max(Math.Abs)));
            Node? Weight(string name)
            {
                int number = Array.FindIndex(_weights, pair => pair.Layer == i && pair.Weight.Name == name);
                return number < 0 ? null : nodes[number];
            }

            Node value = layer switch
            {
                DropoutLayer or GaussianNoiseLayer => training ? Disturb(tape, layer, inputs[0], randomLayers++) : inputs[0],
                ActivityRegularizationLayer { L1: var l1, L2: var l2 } => Penalize(tape, new RegularizerRule(l1, l2), inputs[0]),
                BatchNormalizationLayer normalization => Normalize(tape, normalization, inputs[0], Weight, training),
                _ => Apply(tape, layer, inputs, Weight),
            };
            if (Wobbles)
                Wobble(value.Value.Values, i);
            values.Add(value);
        }

        return values[^1];
    }

    private Node Penalize(Tape tape, RegularizerRule regularizer, Node x)
    {
        (double penalty, Tensor slopes) = regularizer.OfOutput(x.Value);
        _activityPenalty += penalty;
        return tape.Record(x.Value.Map(value => value), [x], dy => [dy.Zip(slopes, (gradient, slope) => gradient + slope)]);
    }

    private static void Wobble(double[] values, int layer)
    {
        const double Ulp = 1.2e-7;
        for (int i = 0; i < values.Length; i++)
            values[i] *= 1 + ((RandomWords.Block([(uint)i, (uint)layer, 0, 0], [0, 0])[0] & 1) == 0 ? Ulp : -Ulp);
    }

    private static Node Apply(Tape tape, Layer layer, Node[] inputs, Func<string, Node?> weight) => layer switch
    {
        Conv2DLayer conv => tape.Convolve(inputs[0], weight("kernel")!, weight("bias"), conv.Window),
        DepthwiseConv2DLayer conv => tape.ConvolveByDepth(inputs[0], weight("depthwise_kernel")!, weight("bias"), conv.Window),
        SeparableConv2DLayer conv => tape.ConvolveSeparably(
            inputs[0], weight("depthwise_kernel")!, weight("pointwise_kernel")!, weight("bias"), conv.Window),
        Conv2DTransposeLayer conv => tape.ConvolveTransposed(
            inputs[0], weight("kernel")!, weight("bias"), conv.Window, conv.OutputPadding),
        DenseLayer => tape.Dense(inputs[0], weight("kernel")!, weight("bias")),
        ActivationLayer activation => tape.Activate(inputs[0], new ActivationRule(activation.Activation)),
        ThresholdLayer threshold => tape.Activate(inputs[0], threshold.Rule),
        MaxPooling2DLayer pooling => tape.Pool(inputs[0], pooling.Window),
        AveragePooling2DLayer pooling => tape.AveragePool(inputs[0], pooling.Window),
        GlobalPooling2DLayer pooling => tape.Reshape(
            pooling.IsMax ? tape.GlobalMaxPool(inputs[0]) : tape.GlobalAveragePool(inputs[0]),
            pooling.Infer([.. inputs[0].Value.Shape.Skip(1)])),
        LayerNormalizationLayer normalization =>
            tape.NormalizeLayer(inputs[0], weight("gamma"), weight("beta"), normalization.Epsilon),
        UpSampling2DLayer enlarge => tape.Enlarge(inputs[0], new UpSampling(enlarge.Height, enlarge.Width, enlarge.Bilinear)),
        ZeroPadding2DLayer padding => tape.Pad(inputs[0], padding.Margins),
        Cropping2DLayer cropping => tape.Crop(inputs[0], cropping.Margins),
        FlattenLayer => tape.Reshape(inputs[0], -1),
        ReshapeLayer reshape => tape.Reshape(inputs[0], reshape.Target),
        AddLayer => tape.Add(inputs),
        ConcatenateLayer concatenate => tape.Concatenate(concatenate.AxisOf(inputs[0].Value.Shape.Count - 1) + 1, inputs),
        _ => throw new NotSupportedException(layer.ToString()),
    };

    private static double Distance(Layer layer, Tensor x) => layer switch
    {
        ActivationLayer activation => new ActivationRule(activation.Activation).Distance(x),
        ThresholdLayer threshold => threshold.Rule.Distance(x),
        MaxPooling2DLayer pooling => MaxPooling.Distance(x, pooling.Window),
        GlobalPooling2DLayer { IsMax: true } => MaxPooling.Distance(x, new Window2D(x.Shape[1], x.Shape[2], 1, 1, Same: false)),
        _ => double.PositiveInfinity,
    };

    private Node Disturb(Tape tape, Layer layer, Node x, int number)
    {
        uint Word(int element) => randomWord(number, Updates, element);
        return layer switch
        {
            DropoutLayer { IsSpatial: true } spatial => tape.Drop(x, Masks.DrawChannels(x.Value, spatial.Rate, Word), spatial.Rate),
            DropoutLayer dropout => tape.Drop(x, Masks.Draw(x.Value.Count, dropout.Rate, Word), dropout.Rate),
            GaussianNoiseLayer noise => tape.AddNoise(x, noise.Deviation, Word),
            _ => throw new NotSupportedException(layer.ToString()),
        };
    }

    private static Node Normalize(Tape tape, BatchNormalizationLayer layer, Node x, Func<string, Node?> weight, bool training)
    {
        (Node? gamma, Node? beta) = (weight("gamma"), weight("beta"));
        (Tensor movingMean, Tensor movingVariance) = (weight("moving_mean")!.Value, weight("moving_variance")!.Value);
        if (!training || !layer.Trainable)
            return tape.NormalizeFrozen(x, gamma, beta, movingMean, movingVariance, layer.Epsilon);
        Node y = tape.Normalize(x, gamma, beta, layer.Epsilon, out Tensor mean, out Tensor variance);
        BatchNormalization.Move(movingMean, mean, layer.Momentum).Values.CopyTo(movingMean.Values, 0);
        BatchNormalization.Move(movingVariance, variance, layer.Momentum).Values.CopyTo(movingVariance.Values, 0);
        return y;
    }
}

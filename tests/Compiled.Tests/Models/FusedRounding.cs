using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>
/// Where a fused model rounds as its layers one by one do, to the last bit. Forward it does everywhere. Backward it does, but for three
/// places: a cross-entropy of logits is another formula than that of a softmax; the gradients behind a pooling may be summed in another
/// order; and the derivative of a sigmoid or tanh is taken from what the stage has stored, so that a dropout has to be divided out again.
/// Where branches meet, a stage adds to the gradient of a value at another time than its layers do. The moments of a
/// normalization are summed in another order by the convolution before it.
/// </summary>
internal static class FusedRounding
{
    public static bool IsThatOfLayers(Network network) =>
        network.IsChain
        && network.Loss is "mean_squared_error" or "huber"
        && !network.Layers.Any(layer => layer is BatchNormalizationLayer)
        && !network.Layers.Where((layer, i) => layer is WeightedLayer && !IsThatOfLayers(layer, network.Layers.Skip(i + 1))).Any();

    private static bool IsThatOfLayers(Layer anchor, IEnumerable<Layer> followers)
    {
        string? activation = null;
        foreach (Layer layer in followers)
        {
            if (layer is ActivationLayer { Activation: "linear" } or DropoutLayer { Rate: 0 })
                continue;
            if (layer is ActivationLayer { Activation: not "softmax" } joined && activation is null)
                activation = joined.Activation;
            else if (layer is MaxPooling2DLayer && anchor is ConvolutionLayer and not Conv2DTransposeLayer)
                return false;
            else
                // To divide by a scale of 2 is exact.
                return activation is not ("sigmoid" or "tanh") || layer is not DropoutLayer { Rate: not 0.5 };
        }

        return true;
    }
}

namespace Compiled;

/// <summary>
/// Adds a penalty of its input to the loss, in training and evaluation, and hands the input on: the sum of its magnitudes times
/// <see cref="L1"/> plus that of its squares times <see cref="L2"/>, divided by the number of samples in the batch (Keras from TensorFlow 2
/// on). Behind a layer it is what the argument <c>activity_regularizer</c> of that layer is in Keras.
/// </summary>
public sealed class ActivityRegularizationAttribute : LayerAttribute
{
    /// <summary>What the sum of the magnitudes counts, at least 0; 0 by default.</summary>
    public double L1 { get; set; }

    /// <summary>What the sum of the squares counts, at least 0; 0 by default.</summary>
    public double L2 { get; set; }
}

namespace Compiled;

/// <summary>
/// Normalizes each channel (the last axis) to mean 0 and variance 1 over the batch and all positions, then scales it by gamma and shifts it
/// by beta (Ioffe and Szegedy, 2015). Prediction uses moving averages of mean and variance, which training updates by momentum; both are
/// weights of the model, saved with it. The variance is the biased one, as in Keras 3. A fused model multiplies it, in prediction and
/// evaluation, into the kernel and the bias of a convolution or dense layer right before it, where that saves more than it takes: the
/// result differs by rounding alone.
/// </summary>
/// <remarks>
/// It needs several values per channel. Where a batch has one only, of a single sample without positions (the last batch of an epoch, say),
/// it does as Keras: that value is the mean and the variance is 0, so that training gives beta, learns beta alone and hands no gradient on,
/// and the moving variance moves towards 0. Training with a batch size of 1, where that is all there is, is an error: use
/// <see cref="LayerNormalizationAttribute"/> instead, or <see cref="Trainable"/> = false.
/// </remarks>
public sealed class BatchNormalizationAttribute : NormalizationLayerAttribute
{
    /// <summary>What of the moving averages stays in a step, from 0 to 1; 0.99 by default.</summary>
    public double Momentum { get; set; } = 0.99;

    /// <summary>How the moving mean starts; <see cref="Initializer.Zeros"/> by default.</summary>
    public Initializer MovingMeanInitializer { get; set; } = Initializer.Zeros;

    /// <summary>The parameter of <see cref="MovingMeanInitializer"/>, where it has one; by default its own default.</summary>
    public double MovingMeanInitializerValue { get; set; } = double.NaN;

    /// <summary>How the moving variance starts; <see cref="Initializer.Ones"/> by default.</summary>
    public Initializer MovingVarianceInitializer { get; set; } = Initializer.Ones;

    /// <summary>The parameter of <see cref="MovingVarianceInitializer"/>, where it has one; by default its own default.</summary>
    public double MovingVarianceInitializerValue { get; set; } = double.NaN;

    /// <summary>
    /// Whether it learns; true by default. If not, gamma, beta and the moving averages stay as they are, and training normalizes by the moving
    /// averages, too (Keras from 2.2 of TensorFlow on).
    /// </summary>
    public bool Trainable { get; set; } = true;
}

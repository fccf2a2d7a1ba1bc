namespace Compiled;

/// <summary>
/// How weights start. The parameter of those that have one stands in the property behind it, such as
/// <see cref="KernelLayerAttribute.KernelInitializerValue"/>. Fans are those of Keras: the inputs of a unit and the units of an input, times
/// the cells of a window.
/// </summary>
public enum Initializer
{
    /// <summary>All zero.</summary>
    Zeros,

    /// <summary>All one.</summary>
    Ones,

    /// <summary>Uniform in ±√(6 / (fan in + fan out)) (Glorot and Bengio, 2010).</summary>
    GlorotUniform,

    /// <summary>Normal of variance 2 / (fan in + fan out), cut off at two deviations (Glorot and Bengio, 2010).</summary>
    GlorotNormal,

    /// <summary>Uniform in ±√(6 / fan in) (He et al., 2015).</summary>
    HeUniform,

    /// <summary>Normal of variance 2 / fan in, cut off at two deviations (He et al., 2015).</summary>
    HeNormal,

    /// <summary>Uniform in ±√(3 / fan in) (LeCun et al., 1998).</summary>
    LecunUniform,

    /// <summary>Normal of variance 1 / fan in, cut off at two deviations (LeCun et al., 1998).</summary>
    LecunNormal,

    /// <summary>All the parameter; 0 by default.</summary>
    Constant,

    /// <summary>Normal; the parameter is the deviation, 0.05 by default.</summary>
    RandomNormal,

    /// <summary>Uniform in ± the parameter, 0.05 by default.</summary>
    RandomUniform,

    /// <summary>Normal with what is beyond two deviations drawn again; the parameter is the deviation before that, 0.05 by default.</summary>
    TruncatedNormal,

    /// <summary>
    /// Columns of length 1 that stand on each other, or rows where there are fewer of them, of a weight as a matrix [all but the last extent,
    /// last extent] (Saxe et al., 2014), times the parameter, 1 by default.
    /// </summary>
    Orthogonal,

    /// <summary>The parameter, 1 by default, on the diagonal of a matrix, else 0.</summary>
    Identity,

    /// <summary>Uniform in ±√(3 s / fan in), s being the parameter, 1 by default: Keras' VarianceScaling with mode fan_in and distribution uniform.</summary>
    FanInUniform,

    /// <summary>Normal of variance s / fan in, cut off at two deviations, s being the parameter, 1 by default: Keras' VarianceScaling with mode fan_in and distribution normal or truncated_normal.</summary>
    FanInNormal,

    /// <summary>Normal of variance s / fan in, s being the parameter, 1 by default: Keras' VarianceScaling with mode fan_in and distribution untruncated_normal.</summary>
    FanInUntruncatedNormal,

    /// <summary>Uniform in ±√(3 s / fan out), s being the parameter, 1 by default: Keras' VarianceScaling with mode fan_out and distribution uniform.</summary>
    FanOutUniform,

    /// <summary>Normal of variance s / fan out, cut off at two deviations, s being the parameter, 1 by default: Keras' VarianceScaling with mode fan_out and distribution normal or truncated_normal.</summary>
    FanOutNormal,

    /// <summary>Normal of variance s / fan out, s being the parameter, 1 by default: Keras' VarianceScaling with mode fan_out and distribution untruncated_normal.</summary>
    FanOutUntruncatedNormal,

    /// <summary>Uniform in ±√(3 s / m), m being the mean of fan in and fan out, and s the parameter, 1 by default: Keras' VarianceScaling with mode fan_avg and distribution uniform.</summary>
    FanAvgUniform,

    /// <summary>Normal of variance s / m, cut off at two deviations, m being the mean of fan in and fan out, and s the parameter, 1 by default: Keras' VarianceScaling with mode fan_avg and distribution normal or truncated_normal.</summary>
    FanAvgNormal,

    /// <summary>Normal of variance s / m, m being the mean of fan in and fan out, and s the parameter, 1 by default: Keras' VarianceScaling with mode fan_avg and distribution untruncated_normal.</summary>
    FanAvgUntruncatedNormal,
}

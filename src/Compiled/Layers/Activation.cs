namespace Compiled;

/// <summary>Activation functions: of <see cref="ActivationAttribute"/> and of the property Activation of other layers.</summary>
public enum Activation
{
    /// <summary>x.</summary>
    Linear,

    /// <summary>max(x, 0); its derivative at 0 is 0.</summary>
    ReLU,

    /// <summary>1 / (1 + exp(-x)).</summary>
    Sigmoid,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,

    /// <summary>exp(x) / sum(exp(x)) over the last axis.</summary>
    Softmax,

    /// <summary>x above 0, else exp(x) - 1 (Clevert et al., 2015).</summary>
    ELU,

    /// <summary>1.0507 times the ELU of alpha 1.6733: keeps mean 0 and variance 1 (Klambauer et al., 2017).</summary>
    SELU,

    /// <summary>log(1 + exp(x)).</summary>
    Softplus,

    /// <summary>x / (1 + |x|).</summary>
    Softsign,

    /// <summary>0.2 x + 0.5 within [0, 1], as in Keras 2.</summary>
    HardSigmoid,

    /// <summary>exp(x).</summary>
    Exponential,

    /// <summary>x above 0, else 0.2 x, as the function of Keras 3; <see cref="LeakyReLUAttribute"/> has 0.3, and any other slope.</summary>
    LeakyReLU,

    /// <summary>x within [0, 6].</summary>
    ReLU6,

    /// <summary>x above 0, else exp(x) - 1 (Barron, 2017, with alpha 1).</summary>
    CELU,

    /// <summary>x within [-1, 1].</summary>
    HardTanh,

    /// <summary>-log(1 + exp(-x)).</summary>
    LogSigmoid,

    /// <summary>(x + sqrt(x² + 4)) / 2 (Barron, 2021).</summary>
    Squareplus,

    /// <summary>x sigmoid(x), also called swish (Elfwing et al., 2017).</summary>
    SiLU,

    /// <summary>x times the standard normal distribution function at x (Hendrycks and Gimpel, 2016).</summary>
    GELU,

    /// <summary>x (1 + tanh(sqrt(2 / π) (x + 0.044715 x³))) / 2: the approximation of <see cref="GELU"/> by tanh.</summary>
    GELUTanh,

    /// <summary>x tanh(log(1 + exp(x))) (Misra, 2019).</summary>
    Mish,

    /// <summary>x times x / 6 + 0.5 within [0, 1], also called hard swish (Howard et al., 2019).</summary>
    HardSiLU,

    /// <summary>x - tanh(x).</summary>
    TanhShrink,

    /// <summary>x - 0.5 above 0.5, x + 0.5 below -0.5, else 0.</summary>
    SoftShrink,

    /// <summary>x outside [-0.5, 0.5], else 0.</summary>
    HardShrink,

    /// <summary>x from 1 on, (x + 1)² / 4 above -1, else 0.</summary>
    SparsePlus,

    /// <summary>(x + 1) / 2 within [0, 1].</summary>
    SparseSigmoid,

    /// <summary>x - log(sum(exp(x))) over the last axis: the logarithm of <see cref="Softmax"/>, without its rounding.</summary>
    LogSoftmax,

    /// <summary>max(x - τ, 0) over the last axis, with the τ that makes their sum 1 (Martins and Astudillo, 2016).</summary>
    Sparsemax,

    /// <summary>The first half of the last axis times the sigmoid of the second (Dauphin et al., 2017): it leaves half of it.</summary>
    GLU,
}

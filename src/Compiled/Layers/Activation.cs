namespace Compiled;

/// <summary>Activation functions, for <see cref="ActivationAttribute"/>.</summary>
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
}

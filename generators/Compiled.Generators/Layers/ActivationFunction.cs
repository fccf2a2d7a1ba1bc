namespace Compiled.Generators;

/// <summary>The element-wise functions, in the order of Compiled.Activation without its softmax and what comes after these.</summary>
internal enum ActivationFunction
{
    Linear,
    ReLU,
    Sigmoid,
    Tanh,
    ELU,
    SELU,
    Softplus,
    Softsign,
    HardSigmoid,
    Exponential,
    LeakyReLU,
    ReLU6,
    CELU,
    HardTanh,
    LogSigmoid,
    Squareplus,
    SiLU,
    GELU,
    GELUTanh,
    Mish,
    HardSiLU,
    TanhShrink,
    SoftShrink,
    HardShrink,
    SparsePlus,
    SparseSigmoid,

    /// <summary>A ReLU of its own slope, limit or threshold; no member of Compiled.Activation.</summary>
    ClippedReLU,

    /// <summary>What is above a threshold, else a value; no member of Compiled.Activation.</summary>
    Threshold,
}

/// <summary>What is to be known of the functions.</summary>
internal static class ActivationFunctions
{
    /// <summary>The name that Keras has for it.</summary>
    public static string KerasName(this ActivationFunction function) => function switch
    {
        ActivationFunction.LeakyReLU => "leaky_relu",
        ActivationFunction.HardSiLU => "hard_silu",
        ActivationFunction.GELUTanh => "gelu_tanh",
        ActivationFunction.ClippedReLU => "clipped_relu",
        ActivationFunction.ReLU or ActivationFunction.ReLU6 or ActivationFunction.ELU or ActivationFunction.SELU or ActivationFunction.CELU
            or ActivationFunction.SiLU or ActivationFunction.GELU => function.ToString().ToLowerInvariant(),
        _ => LayerNames.Snake(function.ToString()),
    };

    /// <summary>The member of cn_activation.</summary>
    public static string Constant(this ActivationFunction function) => "CN_ACTIVATION_" + function.KerasName().ToUpperInvariant();

    /// <summary>What Keras takes for the parameter of the function; 0 for functions without one.</summary>
    public static double DefaultAlpha(this ActivationFunction function) => function switch
    {
        ActivationFunction.ELU or ActivationFunction.CELU => 1,
        ActivationFunction.LeakyReLU => 0.2,
        ActivationFunction.Squareplus => 4,
        ActivationFunction.SoftShrink or ActivationFunction.HardShrink => 0.5,
        _ => 0,
    };

    /// <summary>Whether the derivative follows from the output: only then can the function end a stage, which keeps no input of it.</summary>
    public static bool IsKnownByOutput(this ActivationFunction function) => function < ActivationFunction.SiLU;
}

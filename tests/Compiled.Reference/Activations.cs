namespace Compiled.Reference;

/// <summary>Activations whose gradient can be taken from the output alone, by their Keras names, with their default parameters.</summary>
public static class Activations
{
    /// <summary>Whether there is an activation of that name.</summary>
    public static bool Knows(string name) => name is "linear" or "relu" or "sigmoid" or "tanh" or "softmax";

    public static Tensor Forward(string name, Tensor x) => new ActivationRule(name).Forward(x);

    public static Tensor Backward(string name, Tensor y, Tensor dy) => name switch
    {
        "linear" => dy.Map(value => value),
        "relu" => y.Zip(dy, (value, gradient) => value > 0 ? gradient : 0),
        "sigmoid" => y.Zip(dy, (value, gradient) => gradient * value * (1 - value)),
        "tanh" => y.Zip(dy, (value, gradient) => gradient * (1 - (value * value))),
        "softmax" => new Tensor(y.Shape, [.. y.Rows().Zip(dy.Rows(), RowFunctions.SoftmaxBackward).SelectMany(values => values)]),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown activation"),
    };
}

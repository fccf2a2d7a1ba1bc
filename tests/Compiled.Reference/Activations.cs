namespace Compiled.Reference;

/// <summary>Activations by their Keras names; gradients are taken from the output alone.</summary>
public static class Activations
{
    /// <summary>Whether there is an activation of that name.</summary>
    public static bool Knows(string name) => name is "linear" or "relu" or "sigmoid" or "tanh" or "softmax";

    public static Tensor Forward(string name, Tensor x) => name switch
    {
        "linear" => x.Map(value => value),
        "relu" => x.Map(value => Math.Max(value, 0)),
        "sigmoid" => x.Map(value => 1 / (1 + Math.Exp(-value))),
        "tanh" => x.Map(Math.Tanh),
        "softmax" => Softmax(x),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown activation"),
    };

    public static Tensor Backward(string name, Tensor y, Tensor dy) => name switch
    {
        "linear" => dy.Map(value => value),
        "relu" => y.Zip(dy, (value, gradient) => value > 0 ? gradient : 0),
        "sigmoid" => y.Zip(dy, (value, gradient) => gradient * value * (1 - value)),
        "tanh" => y.Zip(dy, (value, gradient) => gradient * (1 - (value * value))),
        "softmax" => SoftmaxBackward(y, dy),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown activation"),
    };

    private static Tensor Softmax(Tensor x)
    {
        var y = new Tensor(x.Shape);
        for (int row = 0; row < x.Count; row += x.Last)
        {
            double max = x.Values.AsSpan(row, x.Last).ToArray().Max();
            double sum = 0;
            for (int i = row; i < row + x.Last; i++)
                sum += y.Values[i] = Math.Exp(x.Values[i] - max);
            for (int i = row; i < row + x.Last; i++)
                y.Values[i] /= sum;
        }

        return y;
    }

    private static Tensor SoftmaxBackward(Tensor y, Tensor dy)
    {
        var dx = new Tensor(y.Shape);
        for (int row = 0; row < y.Count; row += y.Last)
        {
            double dot = 0;
            for (int i = row; i < row + y.Last; i++)
                dot += dy.Values[i] * y.Values[i];
            for (int i = row; i < row + y.Last; i++)
                dx.Values[i] = y.Values[i] * (dy.Values[i] - dot);
        }

        return dx;
    }
}

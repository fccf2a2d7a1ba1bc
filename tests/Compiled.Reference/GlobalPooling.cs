namespace Compiled.Reference;

/// <summary>Pooling of NHWC images over all rows and columns, to one value per sample and channel.</summary>
public static class GlobalPooling
{
    public static Tensor AverageForward(Tensor x) => AveragePooling.Forward(x, Whole(x)).Reshape(x.Shape[0], x.Last);

    public static Tensor AverageBackward(Tensor x, Tensor dy) => AveragePooling.Backward(x, dy.Reshape(x.Shape[0], 1, 1, x.Last), Whole(x));

    public static Tensor MaxForward(Tensor x) => MaxPooling.Forward(x, Whole(x)).Reshape(x.Shape[0], x.Last);

    /// <summary>The first maximum of a channel, in row-major order, receives the gradient.</summary>
    public static Tensor MaxBackward(Tensor x, Tensor dy) => MaxPooling.Backward(x, dy.Reshape(x.Shape[0], 1, 1, x.Last), Whole(x));

    private static Window2D Whole(Tensor x) => new(x.Shape[1], x.Shape[2], 1, 1, Same: false);
}

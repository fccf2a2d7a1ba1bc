using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>
/// Layers as they are computed inside a stage of another one: before or behind a dense layer or a convolution whose kernel is the identity, which
/// changes no bit.
/// </summary>
internal static class FusedGolden
{
    private static readonly Window2D OnePixel = new(1, 1, 1, 1, Same: false);

    /// <summary>Whether a stage takes in an activation: those whose derivative the output tells.</summary>
    public static bool TakesIn(ActivationRule rule) => rule.Name is not ("softmax" or "log_softmax" or "sparsemax" or "glu")
        && (rule.Name != "relu" || rule == new ActivationRule("relu"))
        && Kernels.Activation(rule.Name) < cn_activation.CN_ACTIVATION_SILU;

    public static (float[] Y, float[] Dx) Activate(NativeContext context, ActivationRule rule, Tensor x, Tensor dy)
    {
        if (x.Shape.Count == 1)
            (x, dy) = (x.Reshape(x.Count, 1), dy.Reshape(x.Count, 1));
        context.SetState(x.Shape[0]);
        return Dense(context, x, dy, Kernels.Describe(x, Identity(x.Last), useBias: false) with
        {
            activation = (int)Kernels.Activation(rule.Name),
            activation_alpha = Kernels.Alpha(rule),
        });
    }

    /// <remarks>The state is the caller's.</remarks>
    public static (float[] Y, float[] Dx) Drop(NativeContext context, Tensor x, Tensor dy, double rate, uint stream) =>
        Dense(context, x, dy, Kernels.Describe(x, Identity(x.Last), useBias: false) with { dropout_rate = (float)rate, dropout_stream = stream });

    public static (float[] Y, float[] Dx) Pool(NativeContext context, Tensor x, Tensor dy, Window2D window)
    {
        cn_conv2d_desc desc = Describe(x);
        desc.pool = Kernels.Describe(window, x.Shape[1], x.Shape[2]);
        return Convolve(context, x, dy, desc);
    }

    /// <summary>Padding, or cropping where the margins are below 0.</summary>
    public static (float[] Y, float[] Dx) Frame(NativeContext context, Tensor x, Tensor dy, int top, int left)
    {
        cn_conv2d_desc desc = Describe(x);
        (desc.conv_height, desc.conv_width) = (dy.Shape[1], dy.Shape[2]);
        (desc.window.pad_top, desc.window.pad_left) = (top, left);
        return Convolve(context, x, dy, desc);
    }

    public static (float[] Y, float[] Dx) Enlarge(NativeContext context, Tensor x, Tensor dy, UpSampling upSampling)
    {
        (float[] y, float[][] dx) = Join(context, [x], dy, upSampling);
        return (y, dx[0]);
    }

    public static (float[] Y, float[][] Dx) Join(NativeContext context, Tensor[] inputs, Tensor dy) =>
        Join(context, inputs, dy, new UpSampling(1, 1, Bilinear: false));

    private static (float[] Y, float[][] Dx) Join(NativeContext context, Tensor[] inputs, Tensor dy, UpSampling upSampling)
    {
        JoinedConvolutionKernels.Part[] parts =
        [
            .. inputs.Select(input => new JoinedConvolutionKernels.Part(
                input.Last, upSampling.Height, upSampling.Width, upSampling.Bilinear, cn_gradient_mode.CN_GRADIENT_OVERWRITE)),
        ];
        (float[] y, float[][] dx, _) = JoinedConvolutionKernels.Run(context, parts, Describe(dy), inputs, Image(dy.Last), dy, inputs);
        return (y, dx);
    }

    private static (float[] Y, float[] Dx) Dense(NativeContext context, Tensor x, Tensor dy, cn_dense_desc desc)
    {
        (float[] y, float[] dx, _, _) = Kernels.Dense(context, desc, x, Identity(x.Last), bias: null, dy);
        return (y, dx);
    }

    private static (float[] Y, float[] Dx) Convolve(NativeContext context, Tensor x, Tensor dy, cn_conv2d_desc desc)
    {
        context.SetState(x.Shape[0]);
        (desc.output_height, desc.output_width) = (dy.Shape[1], dy.Shape[2]);
        (float[] y, float[] dx, _, _) = Kernels.Convolve(context, desc, x, Image(x.Last), bias: null, dy);
        return (y, dx);
    }

    private static cn_conv2d_desc Describe(Tensor x) => Kernels.Describe(x, Image(x.Last), OnePixel, useBias: false);

    private static Tensor Identity(int size) =>
        new([size, size], [.. Enumerable.Range(0, size * size).Select(i => i / size == i % size ? 1.0 : 0.0)]);

    private static Tensor Image(int channels) => Identity(channels).Reshape(1, 1, channels, channels);
}

using System.Runtime.CompilerServices;
using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Single native ops on tensors, as a caller of the C interface runs them.</summary>
public static class Kernels
{
    /// <summary>The native activation of a Keras name.</summary>
    public static cn_activation Activation(string name) => Enum.Parse<cn_activation>("CN_ACTIVATION_" + name switch
    {
        "swish" => "SILU",
        "hard_swish" => "HARD_SILU",
        _ => name.ToUpperInvariant(),
    });

    /// <summary>The parameter of an activation, as the native ops take it.</summary>
    public static float Alpha(ActivationRule rule) => (float)(rule.Alpha ?? rule.Name switch
    {
        "leaky_relu" => 0.2,
        "elu" or "celu" => 1,
        "squareplus" => 4,
        "hard_shrink" or "soft_shrink" => 0.5,
        _ => 0,
    });

    public static (float[] Y, float[] Dx) Activate(NativeContext context, ActivationRule rule, Tensor x, Tensor dy)
    {
        context.SetState(x.Shape[0]);
        nint input = context.Array(x), gradient = context.Array(dy), output = context.Garbage(x.Count), dx = context.Garbage(x.Count);
        if (rule.Name == "glu")
            return Gate(context, x, dy);
        if (rule.Name is "softmax" or "log_softmax" or "sparsemax")
        {
            nint softmax = context.Op(Native.cn_softmax_create, new cn_softmax_desc
            {
                struct_size = Size<cn_softmax_desc>(),
                batch = x.Shape[0],
                positions = x.Count / x.Shape[0] / x.Last,
                classes = x.Last,
                input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
                function = (int)Enum.Parse<cn_softmax_function>("CN_SOFTMAX_FUNCTION_" + rule.Name.ToUpperInvariant()),
            });
            NativeContext.Check(Native.cn_softmax_forward(softmax, context.State, input, output));
            NativeContext.Check(Native.cn_softmax_backward(softmax, context.State, output, gradient, dx));
            return (context.Floats(output, x.Count), context.Floats(dx, x.Count));
        }

        bool isClipped = rule.Name == "relu" && rule != new ActivationRule("relu");
        cn_activation activation = isClipped ? cn_activation.CN_ACTIVATION_CLIPPED_RELU : Activation(rule.Name);
        nint op = context.Op(Native.cn_activation_create, new cn_activation_desc
        {
            struct_size = Size<cn_activation_desc>(),
            activation = (int)activation,
            batch = x.Shape[0],
            count = x.Count / x.Shape[0],
            input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
            alpha = Alpha(rule),
            upper = isClipped ? (float)rule.MaxValue : 0,
            threshold = (float)rule.Threshold,
            value = activation == cn_activation.CN_ACTIVATION_THRESHOLD ? (float)rule.Value : 0,
        });
        bool takesInput = activation >= cn_activation.CN_ACTIVATION_SILU;
        NativeContext.Check(Native.cn_activation_forward(op, context.State, input, output));
        NativeContext.Check(Native.cn_activation_backward(op, context.State, takesInput ? input : 0, takesInput ? 0 : output, gradient, dx));
        return (context.Floats(output, x.Count), context.Floats(dx, x.Count));
    }

    private static (float[] Y, float[] Dx) Gate(NativeContext context, Tensor x, Tensor dy)
    {
        nint op = context.Op(Native.cn_glu_create, new cn_glu_desc
        {
            struct_size = Size<cn_glu_desc>(),
            batch = x.Shape[0],
            positions = x.Count / x.Shape[0] / x.Last,
            units = dy.Last,
            input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
        });
        nint input = context.Array(x), gradient = context.Array(dy), output = context.Garbage(dy.Count), dx = context.Garbage(x.Count);
        NativeContext.Check(Native.cn_glu_forward(op, context.State, input, output));
        NativeContext.Check(Native.cn_glu_backward(op, context.State, input, gradient, dx));
        return (context.Floats(output, dy.Count), context.Floats(dx, x.Count));
    }

    public static cn_conv2d_desc Describe(Tensor x, Tensor kernel, Window2D window, bool useBias) => new()
    {
        struct_size = Size<cn_conv2d_desc>(),
        batch = x.Shape[0],
        input_height = x.Shape[1],
        input_width = x.Shape[2],
        input_channels = x.Shape[3],
        filters = kernel.Last,
        conv_height = window.OutputHeight(x.Shape[1]),
        conv_width = window.OutputWidth(x.Shape[2]),
        output_height = window.OutputHeight(x.Shape[1]),
        output_width = window.OutputWidth(x.Shape[2]),
        window = Describe(window, x.Shape[1], x.Shape[2]),
        use_bias = useBias ? 1 : 0,
        input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
    };

    public static cn_window Describe(Window2D window, int height, int width) => new()
    {
        height = window.Height,
        width = window.Width,
        stride_height = window.StrideHeight,
        stride_width = window.StrideWidth,
        dilation_height = window.DilationHeight,
        dilation_width = window.DilationWidth,
        pad_top = window.PadTop(height),
        pad_left = window.PadLeft(width),
    };

    public static (float[] Y, float[] Dx, float[] Dkernel, float[] Dbias) Convolve(
        NativeContext context, cn_conv2d_desc desc, Tensor x, Tensor kernel, Tensor? bias, Tensor dy, Tensor? before = null)
    {
        nint op = context.Op(Native.cn_conv2d_create, in desc);
        nint input = context.Array(x), weights = context.Array(kernel), offsets = bias is null ? 0 : context.Array(bias);
        nint output = context.Garbage(dy.Count), gradient = context.Array(dy), codes = desc.pool.height == 0 ? 0 : context.Array(new byte[dy.Count]);
        nint dx = before is null ? context.Garbage(x.Count) : context.Array(before), dkernel = context.Garbage(kernel.Count), dbias = bias is null ? 0 : context.Garbage(bias.Count);
        NativeContext.Check(Native.cn_conv2d_forward(op, context.State, input, weights, offsets, output, codes, 0));
        NativeContext.Check(Native.cn_conv2d_backward(op, context.State, input, weights, output, codes, gradient, dx, dkernel, dbias));
        return (context.Floats(output, dy.Count), context.Floats(dx, x.Count), context.Floats(dkernel, kernel.Count),
            bias is null ? [] : context.Floats(dbias, bias.Count));
    }

    /// <summary>The result of a convolution with its moments: a mean for each filter, then a sum of squared distances.</summary>
    public static (float[] Y, double[] Moments) FindMoments(NativeContext context, cn_conv2d_desc desc, Tensor x, Tensor kernel, Tensor? bias)
    {
        desc.use_moments = 1;
        nint op = context.Op(Native.cn_conv2d_create, in desc);
        int count = (int)(desc.batch * desc.output_height * desc.output_width * desc.filters), moments = (int)(2 * desc.filters);
        nint y = context.Garbage(count), found = context.Array<double>([.. Enumerable.Repeat(double.NaN, moments)]);
        NativeContext.Check(Native.cn_conv2d_forward(
            op, context.State, context.Array(x), context.Array(kernel), bias is null ? 0 : context.Array(bias), y, 0, found));
        return (context.Floats(y, count), context.Values<double>(found, moments));
    }

    public static (float[] Y, float[] Dx, float[] Dkernel, float[] Dbias) ConvolveTransposed(
        NativeContext context, cn_conv2d_transpose_desc desc, Tensor x, Tensor kernel, Tensor? bias, Tensor dy, Tensor? before)
    {
        desc.struct_size = Size<cn_conv2d_transpose_desc>();
        nint op = context.Op(Native.cn_conv2d_transpose_create, in desc);
        nint input = context.Array(x), weights = context.Array(kernel), offsets = bias is null ? 0 : context.Array(bias);
        nint output = context.Garbage(dy.Count), gradient = context.Array(dy);
        nint dx = before is null ? context.Garbage(x.Count) : context.Array(before);
        nint dkernel = context.Garbage(kernel.Count), dbias = bias is null ? 0 : context.Garbage(bias.Count);
        NativeContext.Check(Native.cn_conv2d_transpose_forward(op, context.State, input, weights, offsets, output));
        NativeContext.Check(Native.cn_conv2d_transpose_backward(op, context.State, input, weights, output, gradient, dx, dkernel, dbias));
        return (context.Floats(output, dy.Count), context.Floats(dx, x.Count), context.Floats(dkernel, kernel.Count),
            bias is null ? [] : context.Floats(dbias, bias.Count));
    }

    public static (float[] Y, float[] Dx, float[] Dkernel, float[] Dbias) Dense(
        NativeContext context, cn_dense_desc desc, Tensor x, Tensor kernel, Tensor? bias, Tensor dy)
    {
        nint op = context.Op(Native.cn_dense_create, in desc);
        nint input = context.Array(x), weights = context.Array(kernel), offsets = bias is null ? 0 : context.Array(bias);
        nint output = context.Garbage(dy.Count), gradient = context.Array(dy);
        nint dx = context.Garbage(x.Count), dkernel = context.Garbage(kernel.Count), dbias = bias is null ? 0 : context.Garbage(bias.Count);
        NativeContext.Check(Native.cn_dense_forward(op, context.State, input, weights, offsets, output));
        NativeContext.Check(Native.cn_dense_backward(op, context.State, input, weights, output, gradient, dx, dkernel, dbias));
        return (context.Floats(output, dy.Count), context.Floats(dx, x.Count), context.Floats(dkernel, kernel.Count),
            bias is null ? [] : context.Floats(dbias, bias.Count));
    }

    public static cn_dense_desc Describe(Tensor x, Tensor kernel, bool useBias) => new()
    {
        struct_size = Size<cn_dense_desc>(),
        batch = x.Shape[0],
        positions = x.Count / x.Shape[0] / x.Last,
        inputs = x.Last,
        units = kernel.Last,
        use_bias = useBias ? 1 : 0,
        input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
    };

    public static (float[] Y, float[] Dx) Pool(NativeContext context, Tensor x, Tensor dy, Window2D window)
    {
        context.SetState(x.Shape[0]);
        nint op = context.Op(Native.cn_max_pooling2d_create, new cn_max_pooling2d_desc
        {
            struct_size = Size<cn_max_pooling2d_desc>(),
            batch = x.Shape[0],
            input_height = x.Shape[1],
            input_width = x.Shape[2],
            channels = x.Shape[3],
            output_height = dy.Shape[1],
            output_width = dy.Shape[2],
            window = Describe(window, x.Shape[1], x.Shape[2]),
            input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
        });
        nint input = context.Array(x), gradient = context.Array(dy), output = context.Garbage(dy.Count), dx = context.Garbage(x.Count);
        nint codes = context.Array(new byte[dy.Count]);
        NativeContext.Check(Native.cn_max_pooling2d_forward(op, context.State, input, output, codes));
        NativeContext.Check(Native.cn_max_pooling2d_backward(op, context.State, codes, gradient, dx));
        return (context.Floats(output, dy.Count), context.Floats(dx, x.Count));
    }

    /// <summary>Dropout; a spatial one drops the positions of a channel together.</summary>
    public static (float[] Y, float[] Dx) Drop(NativeContext context, Tensor x, Tensor dy, double rate, uint stream, bool isSpatial = false)
    {
        nint op = context.Op(Native.cn_dropout_create, new cn_dropout_desc
        {
            struct_size = Size<cn_dropout_desc>(),
            rate = (float)rate,
            batch = x.Shape[0],
            count = x.Count / x.Shape[0],
            stream = stream,
            input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
            shared = isSpatial ? x.Count / x.Shape[0] / x.Last : 0,
        });
        nint input = context.Array(x), gradient = context.Array(dy), output = context.Garbage(x.Count), dx = context.Garbage(x.Count);
        NativeContext.Check(Native.cn_dropout_forward(op, context.State, input, output));
        NativeContext.Check(Native.cn_dropout_backward(op, context.State, gradient, dx));
        return (context.Floats(output, x.Count), context.Floats(dx, x.Count));
    }

    public static (float[] Y, float[] Dx) AddNoise(NativeContext context, Tensor x, Tensor dy, double deviation, uint stream)
    {
        nint op = context.Op(Native.cn_gaussian_noise_create, new cn_gaussian_noise_desc
        {
            struct_size = Size<cn_gaussian_noise_desc>(),
            stddev = (float)deviation,
            batch = x.Shape[0],
            count = x.Count / x.Shape[0],
            stream = stream,
            input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
        });
        nint output = context.Garbage(x.Count), dx = context.Garbage(x.Count);
        NativeContext.Check(Native.cn_gaussian_noise_forward(op, context.State, context.Array(x), output));
        NativeContext.Check(Native.cn_gaussian_noise_backward(op, context.State, context.Array(dy), dx));
        return (context.Floats(output, x.Count), context.Floats(dx, x.Count));
    }

    private static uint Size<T>() => (uint)Unsafe.SizeOf<T>();
}

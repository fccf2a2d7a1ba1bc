using System.Runtime.CompilerServices;
using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Single native ops on tensors, as a caller of the C interface runs them.</summary>
public static class Kernels
{
    public static cn_activation Activation(string name) => name switch
    {
        "linear" => cn_activation.CN_ACTIVATION_LINEAR,
        "relu" => cn_activation.CN_ACTIVATION_RELU,
        "sigmoid" => cn_activation.CN_ACTIVATION_SIGMOID,
        "tanh" => cn_activation.CN_ACTIVATION_TANH,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "unknown activation"),
    };

    public static (float[] Y, float[] Dx) Activate(NativeContext context, string name, Tensor x, Tensor dy)
    {
        context.SetState(x.Shape[0]);
        nint input = context.Array(x), gradient = context.Array(dy), output = context.Garbage(x.Count), dx = context.Garbage(x.Count);
        if (name == "softmax")
        {
            nint softmax = context.Op(Native.cn_softmax_create, new cn_softmax_desc
            {
                struct_size = Size<cn_softmax_desc>(),
                batch = x.Shape[0],
                positions = x.Count / x.Shape[0] / x.Last,
                classes = x.Last,
                input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
            });
            NativeContext.Check(Native.cn_softmax_forward(softmax, context.State, input, output));
            NativeContext.Check(Native.cn_softmax_backward(softmax, context.State, output, gradient, dx));
            return (context.Floats(output, x.Count), context.Floats(dx, x.Count));
        }

        nint op = context.Op(Native.cn_activation_create, new cn_activation_desc
        {
            struct_size = Size<cn_activation_desc>(),
            activation = (int)Activation(name),
            batch = x.Shape[0],
            count = x.Count / x.Shape[0],
            input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
        });
        NativeContext.Check(Native.cn_activation_forward(op, context.State, input, output));
        NativeContext.Check(Native.cn_activation_backward(op, context.State, 0, output, gradient, dx));
        return (context.Floats(output, x.Count), context.Floats(dx, x.Count));
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
        NativeContext.Check(Native.cn_conv2d_forward(op, context.State, input, weights, offsets, output, codes));
        NativeContext.Check(Native.cn_conv2d_backward(op, context.State, input, weights, output, codes, gradient, dx, dkernel, dbias));
        return (context.Floats(output, dy.Count), context.Floats(dx, x.Count), context.Floats(dkernel, kernel.Count),
            bias is null ? [] : context.Floats(dbias, bias.Count));
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

    public static (float[] Y, float[] Dx) Drop(NativeContext context, Tensor x, Tensor dy, double rate, uint stream)
    {
        nint op = context.Op(Native.cn_dropout_create, new cn_dropout_desc
        {
            struct_size = Size<cn_dropout_desc>(),
            rate = (float)rate,
            batch = x.Shape[0],
            count = x.Count / x.Shape[0],
            stream = stream,
            input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
        });
        nint input = context.Array(x), gradient = context.Array(dy), output = context.Garbage(x.Count), dx = context.Garbage(x.Count);
        NativeContext.Check(Native.cn_dropout_forward(op, context.State, input, output));
        NativeContext.Check(Native.cn_dropout_backward(op, context.State, gradient, dx));
        return (context.Floats(output, x.Count), context.Floats(dx, x.Count));
    }

    /// <summary>The sums of losses and hits, and the gradient.</summary>
    public static (cn_metrics Metrics, float[] Gradient) Loss(
        NativeContext context, string loss, bool fromLogits, cn_accuracy accuracy, Tensor target, Tensor prediction)
    {
        context.SetState(prediction.Shape[0]);
        bool sparse = loss == "sparse_categorical_crossentropy";
        nint op = context.Op(Native.cn_loss_create, new cn_loss_desc
        {
            struct_size = Size<cn_loss_desc>(),
            loss = (int)(sparse ? cn_loss_kind.CN_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY
                : loss == "categorical_crossentropy" ? cn_loss_kind.CN_LOSS_CATEGORICAL_CROSSENTROPY : cn_loss_kind.CN_LOSS_MEAN_SQUARED_ERROR),
            batch = prediction.Shape[0],
            positions = prediction.Count / prediction.Shape[0] / prediction.Last,
            classes = prediction.Last,
            from_logits = fromLogits ? 1 : 0,
            accuracy = (int)accuracy,
        });
        nint targets = sparse ? context.Array<int>([.. target.Values.Select(id => (int)id)]) : context.Array(target);
        nint gradient = context.Garbage(prediction.Count);
        context.Write<cn_metrics>(context.Metrics, [default]);
        NativeContext.Check(Native.cn_loss_forward(op, context.State, context.Array(prediction), targets, gradient, context.Metrics));
        return (context.ReadMetrics(), context.Floats(gradient, prediction.Count));
    }

    private static uint Size<T>() => (uint)Unsafe.SizeOf<T>();
}

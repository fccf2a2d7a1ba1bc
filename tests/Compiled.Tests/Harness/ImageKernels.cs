using System.Runtime.CompilerServices;
using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native ops that have no weights and one input of images, as a caller of the C interface runs them.</summary>
internal static class ImageKernels
{
    /// <summary>How the gradient of an input is written: over what is there, or added to it.</summary>
    private const int Overwrite = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE;

    private delegate int Forward(nint op, nint state, nint x, nint y);

    private delegate int Backward(nint op, nint state, nint dy, nint dx);

    /// <param name="context">Where it runs.</param>
    /// <param name="x">The input.</param>
    /// <param name="dy">The gradient of the output.</param>
    /// <param name="window">The window.</param>
    /// <param name="before">What the gradient is added to; null where it is written over.</param>
    public static (float[] Y, float[] Dx) Average(NativeContext context, Tensor x, Tensor dy, Window2D window, Tensor? before = null)
    {
        nint op = context.Op(Native.cn_average_pooling2d_create, new cn_average_pooling2d_desc
        {
            struct_size = Size<cn_average_pooling2d_desc>(),
            batch = x.Shape[0],
            input_height = x.Shape[1],
            input_width = x.Shape[2],
            channels = x.Last,
            output_height = dy.Shape[1],
            output_width = dy.Shape[2],
            window = Kernels.Describe(window, x.Shape[1], x.Shape[2]),
            input_gradient = Mode(before),
        });
        return Run(context, op, Native.cn_average_pooling2d_forward, Native.cn_average_pooling2d_backward, x, dy, before);
    }

    /// <summary>Pads; with negative margins it crops.</summary>
    public static (float[] Y, float[] Dx) Pad(NativeContext context, Tensor x, Tensor dy, int top, int left, Tensor? before = null)
    {
        nint op = context.Op(Native.cn_padding2d_create, new cn_padding2d_desc
        {
            struct_size = Size<cn_padding2d_desc>(),
            batch = x.Shape[0],
            input_height = x.Shape[1],
            input_width = x.Shape[2],
            channels = x.Last,
            output_height = dy.Shape[1],
            output_width = dy.Shape[2],
            pad_top = top,
            pad_left = left,
            input_gradient = Mode(before),
        });
        return Run(context, op, Native.cn_padding2d_forward, Native.cn_padding2d_backward, x, dy, before);
    }

    public static (float[] Y, float[] Dx) Enlarge(NativeContext context, Tensor x, Tensor dy, UpSampling factors, Tensor? before = null)
    {
        nint op = context.Op(Native.cn_upsampling2d_create, new cn_upsampling2d_desc
        {
            struct_size = Size<cn_upsampling2d_desc>(),
            batch = x.Shape[0],
            input_height = x.Shape[1],
            input_width = x.Shape[2],
            channels = x.Last,
            factor_height = factors.Height,
            factor_width = factors.Width,
            interpolation = (int)(factors.Bilinear ? cn_interpolation.CN_INTERPOLATION_BILINEAR : cn_interpolation.CN_INTERPOLATION_NEAREST),
            input_gradient = Mode(before),
        });
        return Run(context, op, Native.cn_upsampling2d_forward, Native.cn_upsampling2d_backward, x, dy, before);
    }

    /// <summary>The mean or the maximum of each channel.</summary>
    public static (float[] Y, float[] Dx) PoolGlobally(NativeContext context, Tensor x, Tensor dy, bool isMax, Tensor? before = null)
    {
        nint op = context.Op(Native.cn_global_pooling2d_create, new cn_global_pooling2d_desc
        {
            struct_size = Size<cn_global_pooling2d_desc>(),
            batch = x.Shape[0],
            positions = x.Shape[1] * x.Shape[2],
            channels = x.Last,
            pooling = (int)(isMax ? cn_global_pooling.CN_GLOBAL_POOLING_MAX : cn_global_pooling.CN_GLOBAL_POOLING_AVERAGE),
            input_gradient = Mode(before),
        });
        nint indices = isMax ? context.Array<int>([.. Enumerable.Repeat(-1, dy.Count)]) : 0;
        return Run(
            context, op, (op, state, x, y) => Native.cn_global_pooling2d_forward(op, state, x, y, indices),
            (op, state, dy, dx) => Native.cn_global_pooling2d_backward(op, state, indices, dy, dx), x, dy, before);
    }

    internal static int Mode(Tensor? before) => before is null ? Overwrite : (int)cn_gradient_mode.CN_GRADIENT_ACCUMULATE;

    /// <summary>Room for a gradient: what it is added to, or what must be written over.</summary>
    internal static nint Room(NativeContext context, Tensor? before, int count) => before is null ? context.Garbage(count) : context.Array(before);

    internal static uint Size<T>() => (uint)Unsafe.SizeOf<T>();

    private static (float[] Y, float[] Dx) Run(
        NativeContext context, nint op, Forward forward, Backward backward, Tensor x, Tensor dy, Tensor? before)
    {
        context.SetState(x.Shape[0]);
        nint y = context.Garbage(dy.Count), dx = Room(context, before, x.Count);
        NativeContext.Check(forward(op, context.State, context.Array(x), y));
        NativeContext.Check(backward(op, context.State, context.Array(dy), dx));
        return (context.Floats(y, dy.Count), context.Floats(dx, x.Count));
    }
}

using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native convolution of several inputs side by side, each enlarged.</summary>
internal static class JoinedConvolutionKernels
{
    private const int MostParts = 4;

    /// <summary>An input.</summary>
    /// <param name="Channels">Its channels.</param>
    /// <param name="Height">How many rows become of one.</param>
    /// <param name="Width">How many columns become of one.</param>
    /// <param name="IsBilinear">Whether they are interpolated.</param>
    /// <param name="Mode">What happens to its gradient.</param>
    public sealed record Part(int Channels, int Height, int Width, bool IsBilinear, cn_gradient_mode Mode)
    {
        public UpSampling UpSampling => new(Height, Width, IsBilinear);

        public int Interpolation => (int)(IsBilinear ? cn_interpolation.CN_INTERPOLATION_BILINEAR : cn_interpolation.CN_INTERPOLATION_NEAREST);
    }

    /// <param name="context">The context.</param>
    /// <param name="parts">The inputs.</param>
    /// <param name="conv">The convolution of the inputs once they are joined.</param>
    /// <param name="x">The values of the inputs.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="dy">The gradient of the output.</param>
    /// <param name="before">What stands where the gradients of the inputs go.</param>
    public static (float[] Y, float[][] Dx, float[] Dkernel) Run(
        NativeContext context, Part[] parts, cn_conv2d_desc conv, Tensor[] x, Tensor kernel, Tensor dy, Tensor[] before)
    {
        context.SetState(dy.Shape[0]);
        nint op = context.Op(Native.cn_joined_conv2d_create, Describe(parts, conv));
        nint[] inputs = [.. x.Select(context.Array), .. new nint[MostParts - x.Length]];
        nint[] dx = [.. before.Select(context.Array), .. new nint[MostParts - x.Length]];
        nint[] wanted = [.. dx.Select((address, i) => i < parts.Length && parts[i].Mode != cn_gradient_mode.CN_GRADIENT_NONE ? address : 0)];
        nint weights = context.Array(kernel), y = context.Garbage(dy.Count), dkernel = context.Garbage(kernel.Count);
        nint codes = conv.pool.height == 0 ? 0 : context.Array(new byte[dy.Count]);
        NativeContext.Check(Native.cn_joined_conv2d_forward(
            op, context.State, inputs[0], inputs[1], inputs[2], inputs[3], weights, 0, y, codes, 0));
        NativeContext.Check(Native.cn_joined_conv2d_backward(
            op, context.State, inputs[0], inputs[1], inputs[2], inputs[3], weights, y, codes, context.Array(dy), wanted[0], wanted[1], wanted[2], wanted[3],
            dkernel, 0));
        return (context.Floats(y, dy.Count), [.. x.Select((input, i) => context.Floats(dx[i], input.Count))], context.Floats(dkernel, kernel.Count));
    }

    private static cn_joined_conv2d_desc Describe(Part[] parts, cn_conv2d_desc conv)
    {
        conv.struct_size = 0;
        conv.input_gradient = 0;
        return new cn_joined_conv2d_desc
        {
            struct_size = ImageKernels.Size<cn_joined_conv2d_desc>(),
            inputs = parts.Length,
            channels_0 = At(0).Channels,
            channels_1 = At(1).Channels,
            channels_2 = At(2).Channels,
            channels_3 = At(3).Channels,
            upsampling_height_0 = At(0).Height,
            upsampling_height_1 = At(1).Height,
            upsampling_height_2 = At(2).Height,
            upsampling_height_3 = At(3).Height,
            upsampling_width_0 = At(0).Width,
            upsampling_width_1 = At(1).Width,
            upsampling_width_2 = At(2).Width,
            upsampling_width_3 = At(3).Width,
            interpolation_0 = At(0).Interpolation,
            interpolation_1 = At(1).Interpolation,
            interpolation_2 = At(2).Interpolation,
            interpolation_3 = At(3).Interpolation,
            gradient_0 = (int)At(0).Mode,
            gradient_1 = (int)At(1).Mode,
            gradient_2 = (int)At(2).Mode,
            gradient_3 = (int)At(3).Mode,
            conv = conv,
        };

        Part At(int i) => i < parts.Length ? parts[i] : new Part(0, 0, 0, IsBilinear: false, cn_gradient_mode.CN_GRADIENT_NONE);
    }
}

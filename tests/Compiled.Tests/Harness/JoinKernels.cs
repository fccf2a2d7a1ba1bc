using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native ops that join several inputs, as a caller of the C interface runs them.</summary>
internal static class JoinKernels
{
    /// <param name="context">Where it runs.</param>
    /// <param name="activation">What follows the sum.</param>
    /// <param name="inputs">The inputs; the same one at several places has one gradient.</param>
    /// <param name="dy">The gradient of the output.</param>
    /// <param name="before">What the gradients are added to; null where they are written over.</param>
    public static (float[] Y, float[][] Dx) Add(
        NativeContext context, string activation, IReadOnlyList<Tensor> inputs, Tensor dy, IReadOnlyList<Tensor>? before = null)
    {
        int[] modes = Modes(inputs, before);
        nint op = context.Op(Native.cn_add_create, new cn_add_desc
        {
            struct_size = ImageKernels.Size<cn_add_desc>(),
            activation = (int)Kernels.Activation(activation),
            activation_alpha = Kernels.Alpha(new ActivationRule(activation)),
            batch = dy.Shape[0],
            count = dy.Count / dy.Shape[0],
            inputs = inputs.Count,
            gradient_0 = modes[0],
            gradient_1 = modes[1],
            gradient_2 = modes[2],
            gradient_3 = modes[3],
        });
        nint[] x = Addresses(inputs, context.Array), dx = Gradients(context, inputs, before);
        nint y = context.Garbage(dy.Count);
        context.SetState(dy.Shape[0]);
        NativeContext.Check(Native.cn_add_forward(op, context.State, x[0], x[1], x[2], x[3], y));
        NativeContext.Check(Native.cn_add_backward(op, context.State, y, context.Array(dy), dx[0], dx[1], dx[2], dx[3]));
        return (context.Floats(y, dy.Count), Read(context, inputs, dx));
    }

    /// <param name="context">Where it runs.</param>
    /// <param name="axis">The axis, the batch being 0.</param>
    /// <param name="inputs">The inputs; the same one at several places has one gradient.</param>
    /// <param name="dy">The gradient of the output.</param>
    /// <param name="before">What the gradients are added to; null where they are written over.</param>
    public static (float[] Y, float[][] Dx) Concatenate(
        NativeContext context, int axis, IReadOnlyList<Tensor> inputs, Tensor dy, IReadOnlyList<Tensor>? before = null)
    {
        int[] modes = Modes(inputs, before);
        long Length(int input) => input < inputs.Count ? Tensor.Size([.. inputs[input].Shape.Skip(axis)]) : 0;
        nint op = context.Op(Native.cn_concatenate_create, new cn_concatenate_desc
        {
            struct_size = ImageKernels.Size<cn_concatenate_desc>(),
            batch = dy.Shape[0],
            outer = Tensor.Size([.. dy.Shape.Take(axis).Skip(1)]),
            length_0 = Length(0),
            length_1 = Length(1),
            length_2 = Length(2),
            length_3 = Length(3),
            inputs = inputs.Count,
            gradient_0 = modes[0],
            gradient_1 = modes[1],
            gradient_2 = modes[2],
            gradient_3 = modes[3],
        });
        nint[] x = Addresses(inputs, context.Array), dx = Gradients(context, inputs, before);
        nint y = context.Garbage(dy.Count);
        context.SetState(dy.Shape[0]);
        NativeContext.Check(Native.cn_concatenate_forward(op, context.State, x[0], x[1], x[2], x[3], y));
        NativeContext.Check(Native.cn_concatenate_backward(op, context.State, context.Array(dy), dx[0], dx[1], dx[2], dx[3]));
        return (context.Floats(y, dy.Count), Read(context, inputs, dx));
    }

    private static int[] Modes(IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor>? before)
    {
        int[] modes = new int[4];
        for (int i = 0; i < inputs.Count; i++)
            modes[i] = ImageKernels.Mode(inputs.Take(i).Contains(inputs[i]) ? inputs[i] : before?[i]);
        return modes;
    }

    /// <summary>An address of each input, the same one for the same tensor; null for those that there are not.</summary>
    private static nint[] Addresses(IReadOnlyList<Tensor> inputs, Func<Tensor, nint> place)
    {
        Dictionary<Tensor, nint> known = [];
        nint[] addresses = new nint[4];
        for (int i = 0; i < inputs.Count; i++)
        {
            if (!known.TryGetValue(inputs[i], out addresses[i]))
                known.Add(inputs[i], addresses[i] = place(inputs[i]));
        }

        return addresses;
    }

    private static nint[] Gradients(NativeContext context, IReadOnlyList<Tensor> inputs, IReadOnlyList<Tensor>? before) =>
        Addresses(inputs, input => ImageKernels.Room(context, before?[inputs.ToList().IndexOf(input)], input.Count));

    private static float[][] Read(NativeContext context, IReadOnlyList<Tensor> inputs, nint[] addresses) =>
        [.. inputs.Select((input, i) => context.Floats(addresses[i], input.Count))];
}

using Compiled.Interop;

namespace Compiled.Misuse;

// What makes one value of several.
internal abstract partial class OpKind
{
    private static IReadOnlyList<OpKind> Joins =>
    [
        new OpKind<cn_add_desc>("cn_add_create", Native.cn_add_create, ValidAdd(), RunAdd),
        new OpKind<cn_concatenate_desc>("cn_concatenate_create", Native.cn_concatenate_create, ValidConcatenate(), RunConcatenate),
        new OpKind<cn_joined_conv2d_desc>(
            "cn_joined_conv2d_create", Native.cn_joined_conv2d_create, ValidJoinedConvolution(), RunJoinedConvolution),
    ];

    private static cn_add_desc ValidAdd() => Abi.Describe<cn_add_desc>() with
    {
        activation = 1,
        batch = 3,
        count = 37,
        inputs = 3,
        gradient_0 = 1,
        gradient_1 = 1,
        gradient_2 = 2,
    };

    private static cn_concatenate_desc ValidConcatenate() => Abi.Describe<cn_concatenate_desc>() with
    {
        inputs = 3,
        batch = 2,
        outer = 5,
        length_0 = 3,
        length_1 = 7,
        length_2 = 1,
        gradient_0 = 1,
        gradient_1 = 2,
    };

    private static cn_joined_conv2d_desc ValidJoinedConvolution() => Abi.Describe<cn_joined_conv2d_desc>() with
    {
        inputs = 2,
        channels_0 = 2,
        channels_1 = 1,
        upsampling_height_0 = 2,
        upsampling_height_1 = 1,
        upsampling_width_0 = 7,
        upsampling_width_1 = 1,
        interpolation_0 = 1,
        gradient_0 = 1,
        gradient_1 = 2,
        conv = ValidConvolution() with { struct_size = 0, input_gradient = 0 },
    };

    private static bool RunAdd(nint op, in cn_add_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.count))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long count = d.batch * d.count;
        nint[] x = new nint[4];
        for (int i = 0; i < d.inputs; i++)
            x[i] = memory.Floats(count);
        nint y = memory.Floats(count);
        Abi.Accepted(Native.cn_add_forward(op, state, x[0], x[1], x[2], x[3], y));
        Abi.Accepted(Native.cn_add_backward(
            op, state, y, memory.Floats(count), Gradient(memory, d.gradient_0, count), Gradient(memory, d.gradient_1, count),
            Gradient(memory, d.gradient_2, count), Gradient(memory, d.gradient_3, count)));
        return true;
    }

    private static bool RunConcatenate(nint op, in cn_concatenate_desc d, ref RandomWords random)
    {
        long[] lengths = [d.length_0, d.length_1, d.length_2, d.length_3];
        if (!Fits(d.batch, d.outer, lengths.Sum()))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long rows = d.batch * d.outer;
        nint[] x = [.. lengths.Select(length => length == 0 ? 0 : memory.Floats(rows * length))];
        Abi.Accepted(Native.cn_concatenate_forward(op, state, x[0], x[1], x[2], x[3], memory.Floats(rows * lengths.Sum())));
        Abi.Accepted(Native.cn_concatenate_backward(
            op, state, memory.Floats(rows * lengths.Sum()), Gradient(memory, d.gradient_0, rows * d.length_0),
            Gradient(memory, d.gradient_1, rows * d.length_1), Gradient(memory, d.gradient_2, rows * d.length_2),
            Gradient(memory, d.gradient_3, rows * d.length_3)));
        return true;
    }

    private static bool RunJoinedConvolution(nint op, in cn_joined_conv2d_desc d, ref RandomWords random)
    {
        cn_conv2d_desc conv = d.conv;
        if (!FitsConvolution(conv))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, conv.batch, ref random);
        long pixels = conv.batch * conv.input_height * conv.input_width, outputs = conv.batch * conv.output_height * conv.output_width * conv.filters;
        long weights = conv.window.height * conv.window.width * conv.input_channels * conv.filters;
        long[] counts =
        [
            Count(d.channels_0, d.upsampling_height_0, d.upsampling_width_0), Count(d.channels_1, d.upsampling_height_1, d.upsampling_width_1),
            Count(d.channels_2, d.upsampling_height_2, d.upsampling_width_2), Count(d.channels_3, d.upsampling_height_3, d.upsampling_width_3),
        ];
        nint[] x = [.. counts.Select(count => count == 0 ? 0 : memory.Floats(count))];
        nint y = memory.Floats(outputs), kernel = memory.Floats(weights), codes = conv.pool.height == 0 ? 0 : memory.Bytes(outputs);
        nint bias = conv.use_bias == 0 ? 0 : memory.Floats(conv.filters), dbias = conv.use_bias == 0 ? 0 : memory.Floats(conv.filters);
        nint moments = conv.use_moments == 0 ? 0 : memory.Floats(4 * conv.filters);
        nint dy = memory.Floats(outputs);
        Abi.Accepted(Native.cn_joined_conv2d_predict(op, state, x[0], x[1], x[2], x[3], kernel, bias, codes == 0 ? dy : 0, y));
        Abi.Accepted(Native.cn_joined_conv2d_forward(op, state, x[0], x[1], x[2], x[3], kernel, bias, y, codes, moments));
        Abi.Accepted(Native.cn_joined_conv2d_backward(
            op, state, x[0], x[1], x[2], x[3], kernel, y, codes, dy, Gradient(memory, d.gradient_0, counts[0]),
            Gradient(memory, d.gradient_1, counts[1]), Gradient(memory, d.gradient_2, counts[2]), Gradient(memory, d.gradient_3, counts[3]),
            memory.Floats(weights), dbias));
        return true;

        long Count(long channels, long height, long width) => channels == 0 ? 0 : pixels / height / width * channels;
    }
}

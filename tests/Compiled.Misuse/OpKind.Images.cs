using Compiled.Interop;

namespace Compiled.Misuse;

// What moves, averages or blurs the pixels of images.
internal abstract partial class OpKind
{
    private static IReadOnlyList<OpKind> Images =>
    [
        new OpKind<cn_padding2d_desc>("cn_padding2d_create", Native.cn_padding2d_create, ValidPadding(), RunPadding),
        new OpKind<cn_upsampling2d_desc>("cn_upsampling2d_create", Native.cn_upsampling2d_create, ValidUpSampling(), RunUpSampling),
        new OpKind<cn_average_pooling2d_desc>(
            "cn_average_pooling2d_create", Native.cn_average_pooling2d_create, ValidAveragePooling(), RunAveragePooling),
        new OpKind<cn_global_pooling2d_desc>(
            "cn_global_pooling2d_create", Native.cn_global_pooling2d_create, ValidGlobalPooling(), RunGlobalPooling),
        new OpKind<cn_gaussian_noise_desc>("cn_gaussian_noise_create", Native.cn_gaussian_noise_create, ValidNoise(), RunNoise),
    ];

    private static cn_padding2d_desc ValidPadding() => Abi.Describe<cn_padding2d_desc>() with
    {
        input_gradient = 1,
        batch = 2,
        input_height = 5,
        input_width = 6,
        channels = 3,
        output_height = 8,
        output_width = 4,
        pad_top = 2,
        pad_left = -1,
    };

    private static cn_upsampling2d_desc ValidUpSampling() => Abi.Describe<cn_upsampling2d_desc>() with
    {
        input_gradient = 1,
        batch = 2,
        input_height = 3,
        input_width = 4,
        channels = 5,
        factor_height = 2,
        factor_width = 3,
        interpolation = 1,
    };

    private static cn_average_pooling2d_desc ValidAveragePooling() => Abi.Describe<cn_average_pooling2d_desc>() with
    {
        input_gradient = 1,
        batch = 2,
        input_height = 7,
        input_width = 6,
        channels = 3,
        output_height = 4,
        output_width = 3,
        window = Window(3, 2, stride: (2, 2), dilation: (1, 1), pad: (1, 0)),
    };

    private static cn_global_pooling2d_desc ValidGlobalPooling() =>
        Abi.Describe<cn_global_pooling2d_desc>() with { input_gradient = 1, batch = 3, positions = 11, channels = 5, pooling = 1 };

    private static cn_gaussian_noise_desc ValidNoise() =>
        Abi.Describe<cn_gaussian_noise_desc>() with { input_gradient = 1, stddev = 0.5f, batch = 3, count = 37, stream = 4 };

    private static bool RunPadding(nint op, in cn_padding2d_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.input_height, d.input_width, d.channels) || !Fits(d.batch, d.output_height, d.output_width, d.channels))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long inputs = d.batch * d.input_height * d.input_width * d.channels, outputs = d.batch * d.output_height * d.output_width * d.channels;
        Abi.Accepted(Native.cn_padding2d_forward(op, state, memory.Floats(inputs), memory.Floats(outputs)));
        Abi.Accepted(Native.cn_padding2d_backward(op, state, memory.Floats(outputs), Gradient(memory, d.input_gradient, inputs)));
        return true;
    }

    private static bool RunUpSampling(nint op, in cn_upsampling2d_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.input_height, d.factor_height, d.input_width, d.factor_width, d.channels))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long inputs = d.batch * d.input_height * d.input_width * d.channels, outputs = inputs * d.factor_height * d.factor_width;
        Abi.Accepted(Native.cn_upsampling2d_forward(op, state, memory.Floats(inputs), memory.Floats(outputs)));
        Abi.Accepted(Native.cn_upsampling2d_backward(op, state, memory.Floats(outputs), Gradient(memory, d.input_gradient, inputs)));
        return true;
    }

    private static bool RunAveragePooling(nint op, in cn_average_pooling2d_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.input_height, d.input_width, d.channels) || !Fits(d.batch, d.output_height, d.output_width, d.channels) ||
            Product(d.batch, d.output_height, d.output_width, d.channels, d.window.height, d.window.width) > MaxWork)
        {
            return false;
        }

        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long inputs = d.batch * d.input_height * d.input_width * d.channels, outputs = d.batch * d.output_height * d.output_width * d.channels;
        Abi.Accepted(Native.cn_average_pooling2d_forward(op, state, memory.Floats(inputs), memory.Floats(outputs)));
        Abi.Accepted(Native.cn_average_pooling2d_backward(op, state, memory.Floats(outputs), Gradient(memory, d.input_gradient, inputs)));
        return true;
    }

    private static bool RunGlobalPooling(nint op, in cn_global_pooling2d_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.positions, d.channels))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long inputs = d.batch * d.positions * d.channels, outputs = d.batch * d.channels;
        bool isMax = d.pooling == (int)cn_global_pooling.CN_GLOBAL_POOLING_MAX;
        nint indices = isMax ? memory.Bytes(outputs * sizeof(int)) : 0, dx = Gradient(memory, d.input_gradient, inputs);
        Abi.Accepted(Native.cn_global_pooling2d_forward(op, state, memory.Floats(inputs), memory.Floats(outputs), 0));
        Abi.Accepted(Native.cn_global_pooling2d_forward(op, state, memory.Floats(inputs), memory.Floats(outputs), indices));
        Abi.Accepted(Native.cn_global_pooling2d_backward(op, state, indices, memory.Floats(outputs), dx));
        if (isMax)
            Abi.Accepted(Native.cn_global_pooling2d_backward(op, state, Garbage(memory, outputs * sizeof(int), ref random), memory.Floats(outputs), dx));
        return true;
    }

    private static bool RunNoise(nint op, in cn_gaussian_noise_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.count))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long count = d.batch * d.count;
        Abi.Accepted(Native.cn_gaussian_noise_forward(op, state, memory.Floats(count), memory.Floats(count)));
        Abi.Accepted(Native.cn_gaussian_noise_backward(op, state, memory.Floats(count), Gradient(memory, d.input_gradient, count)));
        return true;
    }

    private static nint Gradient(GuardedMemory memory, int mode, long count) => mode == 0 ? 0 : memory.Floats(count);
}

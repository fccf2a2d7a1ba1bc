using Compiled.Interop;

namespace Compiled.Misuse;

// What brings values to mean 0 and variance 1.
internal abstract partial class OpKind
{
    private static IReadOnlyList<OpKind> Normalizations =>
    [
        new OpKind<cn_batch_normalization_desc>(
            "cn_batch_normalization_create", Native.cn_batch_normalization_create, ValidBatchNormalization(), RunBatchNormalization),
        new OpKind<cn_batch_normalization_desc>(
            "cn_batch_normalization_create", Native.cn_batch_normalization_create, ValidPooledNormalization(), RunBatchNormalization),
        new OpKind<cn_batch_normalization_desc>(
            "cn_batch_normalization_create", Native.cn_batch_normalization_create, ValidAveragedNormalization(), RunBatchNormalization),
        new OpKind<cn_layer_normalization_desc>(
            "cn_layer_normalization_create", Native.cn_layer_normalization_create, ValidLayerNormalization(), RunLayerNormalization),
    ];

    private static cn_batch_normalization_desc ValidBatchNormalization() => Abi.Describe<cn_batch_normalization_desc>() with
    {
        activation = 1,
        batch = 3,
        positions = 7,
        channels = 5,
        epsilon = 1e-3f,
        momentum = 0.99f,
        use_scale = 1,
        use_center = 1,
        use_addend = 1,
        input_gradient = 1,
        addend_gradient = 2,
    };

    private static cn_batch_normalization_desc ValidPooledNormalization() => ValidBatchNormalization() with
    {
        positions = 42,
        use_addend = 0,
        addend_gradient = 0,
        pool = Window(2, 3, stride: (2, 2), dilation: (1, 1), pad: (0, 1)),
        height = 6,
        width = 7,
        output_height = 3,
        output_width = 4,
        dropout_rate = 0.25f,
        dropout_stream = 3,
    };

    private static cn_batch_normalization_desc ValidAveragedNormalization() => ValidBatchNormalization() with { global_average = 1 };

    private static cn_layer_normalization_desc ValidLayerNormalization() => Abi.Describe<cn_layer_normalization_desc>() with
    {
        input_gradient = 1,
        batch = 3,
        positions = 7,
        features = 5,
        epsilon = 1e-3f,
        use_scale = 1,
        use_center = 1,
    };

    private static bool RunLayerNormalization(nint op, in cn_layer_normalization_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.positions, d.features))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long count = d.batch * d.positions * d.features;
        nint x = memory.Floats(count), y = memory.Floats(count), saved = memory.Floats(2 * d.batch * d.positions);
        nint gamma = Gradient(memory, d.use_scale, d.features), dgamma = Gradient(memory, d.use_scale, d.features);
        nint beta = Gradient(memory, d.use_center, d.features), dbeta = Gradient(memory, d.use_center, d.features);
        Abi.Accepted(Native.cn_layer_normalization_forward(op, state, x, gamma, beta, y, 0));
        Abi.Accepted(Native.cn_layer_normalization_forward(op, state, x, gamma, beta, y, saved));
        Abi.Accepted(Native.cn_layer_normalization_backward(
            op, state, x, gamma, saved, memory.Floats(count), Gradient(memory, d.input_gradient, count), dgamma, dbeta));
        return true;
    }

    private static bool RunBatchNormalization(nint op, in cn_batch_normalization_desc d, ref RandomWords random)
    {
        bool isPooled = d.pool.height != 0, notesAverage = d.global_average != 0 && d.activation == (int)cn_activation.CN_ACTIVATION_RELU;
        if (!Fits(d.batch, d.positions, d.channels) || (isPooled && !Fits(d.batch, d.output_height, d.output_width, d.channels)))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long count = d.batch * d.positions * d.channels;
        long outputs = isPooled ? d.batch * d.output_height * d.output_width * d.channels : d.global_average != 0 ? d.batch * d.channels : count;
        long notes = isPooled ? outputs : notesAverage ? count : 0;
        nint x = memory.Floats(count), y = memory.Floats(outputs), dy = memory.Floats(outputs), saved = memory.Floats(2 * d.channels);
        nint mean = memory.Floats(d.channels), variance = memory.Floats(d.channels), codes = notes > 0 ? memory.Bytes(notes) : 0;
        nint gamma = Gradient(memory, d.use_scale, d.channels), beta = Gradient(memory, d.use_center, d.channels);
        nint addend = Gradient(memory, d.use_addend, count);
        nint dgamma = Gradient(memory, d.frozen == 0 ? d.use_scale : 0, d.channels);
        nint dbeta = Gradient(memory, d.frozen == 0 ? d.use_center : 0, d.channels);
        nint dx = Gradient(memory, d.input_gradient, count), daddend = Gradient(memory, d.addend_gradient, count);
        Abi.Accepted(Native.cn_batch_normalization_forward(op, state, x, gamma, beta, mean, variance, addend, 0, y, saved, codes));
        if (d.frozen == 0)
        {
            nint moments = memory.Bytes(2 * d.channels * sizeof(double));
            Abi.Accepted(Native.cn_batch_normalization_forward(op, state, x, gamma, beta, mean, variance, addend, moments, y, saved, codes));
        }

        Abi.Accepted(Native.cn_batch_normalization_predict(op, state, x, gamma, beta, mean, variance, addend, y));
        Abi.Accepted(Native.cn_batch_normalization_backward(op, state, x, gamma, saved, y, codes, dy, dx, daddend, dgamma, dbeta));
        if (notes > 0)
        {
            nint garbage = Garbage(memory, notes, ref random);
            Abi.Accepted(Native.cn_batch_normalization_backward(op, state, x, gamma, saved, y, garbage, dy, dx, daddend, dgamma, dbeta));
        }

        return true;
    }
}

using System.Numerics;
using Compiled.Interop;

namespace Compiled.Misuse;

/// <summary>A kind of op: how to make one from a valid descriptor, and how to run one that was made from any.</summary>
internal abstract partial class OpKind
{
    /// <summary>No test needs more floats than this; descriptors that ask for more are created and not run.</summary>
    private const int MaxFloats = 1 << 16;

    private const int MaxWork = 1 << 22;

    /// <summary>All kinds, each with a small valid descriptor.</summary>
    public static IReadOnlyList<OpKind> All { get; } =
    [
        new OpKind<cn_activation_desc>("cn_activation_create", Native.cn_activation_create, ValidActivation(), RunActivation),
        new OpKind<cn_softmax_desc>("cn_softmax_create", Native.cn_softmax_create, ValidSoftmax(), RunSoftmax),
        new OpKind<cn_dropout_desc>("cn_dropout_create", Native.cn_dropout_create, ValidDropout(), RunDropout),
        new OpKind<cn_max_pooling2d_desc>("cn_max_pooling2d_create", Native.cn_max_pooling2d_create, ValidPooling(), RunPooling),
        new OpKind<cn_conv2d_desc>("cn_conv2d_create", Native.cn_conv2d_create, ValidConvolution(), RunConvolution),
        new OpKind<cn_conv2d_desc>("cn_conv2d_create", Native.cn_conv2d_create, ValidPooledConvolution(), RunConvolution),
        new OpKind<cn_dense_desc>("cn_dense_create", Native.cn_dense_create, ValidDense(), RunDense),
        new OpKind<cn_loss_desc>("cn_loss_create", Native.cn_loss_create, ValidLoss(), RunLoss),
        new OpKind<cn_optimizer_desc>("cn_optimizer_create", CreateOptimizer, ValidOptimizer(), RunOptimizer),
        new OpKind<cn_gather_desc>("cn_gather_create", Native.cn_gather_create, ValidGather(), RunGather),
        new OpKind<cn_conv2d_desc>("cn_conv2d_create", Native.cn_conv2d_create, ValidDepthwiseConvolution(), RunConvolution),
        new OpKind<cn_conv2d_transpose_desc>(
            "cn_conv2d_transpose_create", Native.cn_conv2d_transpose_create, ValidTransposedConvolution(), RunTransposedConvolution),
        new OpKind<cn_regularizer_desc>("cn_regularizer_create", CreateRegularizer, ValidRegularizer(), RunRegularizer),
        new OpKind<cn_constraint_desc>("cn_constraint_create", CreateConstraint, ValidConstraint(), RunConstraint),
        new OpKind<cn_activity_regularization_desc>(
            "cn_activity_regularization_create", Native.cn_activity_regularization_create, ValidActivityRegularization(), RunActivityRegularization),
        new OpKind<cn_glu_desc>("cn_glu_create", Native.cn_glu_create, ValidGlu(), RunGlu),
        new OpKind<cn_optimizer_desc>("cn_optimizer_create", CreateMuon, ValidMuon(), RunOptimizer),
        .. Images,
        .. Joins,
        .. Normalizations,
        .. Metrics,
    ];

    public abstract string Name { get; }

    /// <summary>Makes an op of the valid descriptor.</summary>
    public abstract nint CreateValid(nint context);

    /// <summary>Makes and, where it is small enough, runs an op of a descriptor that differs from the valid one in some fields.</summary>
    public abstract Outcome TryMutated(nint context, ref RandomWords random);

    private static cn_activation_desc ValidActivation() =>
        Abi.Describe<cn_activation_desc>() with { activation = 2, batch = 3, count = 37, input_gradient = 1 };

    private static cn_softmax_desc ValidSoftmax() =>
        Abi.Describe<cn_softmax_desc>() with { batch = 3, positions = 2, classes = 7, input_gradient = 1 };

    private static cn_dropout_desc ValidDropout() =>
        Abi.Describe<cn_dropout_desc>() with { rate = 0.25f, batch = 3, count = 37, stream = 5, input_gradient = 1 };

    private static cn_max_pooling2d_desc ValidPooling() => Abi.Describe<cn_max_pooling2d_desc>() with
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

    private static cn_conv2d_desc ValidConvolution() => Abi.Describe<cn_conv2d_desc>() with
    {
        input_gradient = 1,
        batch = 2,
        input_height = 8,
        input_width = 7,
        input_channels = 3,
        filters = 5,
        conv_height = 4,
        conv_width = 7,
        output_height = 4,
        output_width = 7,
        window = Window(3, 2, stride: (2, 1), dilation: (1, 2), pad: (1, 1)),
        activation = 3,
        use_bias = 1,
        dropout_rate = 0.5f,
        dropout_stream = 1,
    };

    private static cn_conv2d_desc ValidPooledConvolution() => ValidConvolution() with
    {
        activation = 1,
        output_height = 2,
        output_width = 4,
        pool = Window(2, 3, stride: (2, 2), dilation: (1, 1), pad: (0, 1)),
    };

    private static cn_conv2d_desc ValidDepthwiseConvolution() =>
        ValidPooledConvolution() with { input_channels = 6, filters = 12, groups = 6 };

    private static cn_conv2d_transpose_desc ValidTransposedConvolution() => Abi.Describe<cn_conv2d_transpose_desc>() with
    {
        input_gradient = 1,
        batch = 2,
        input_height = 4,
        input_width = 5,
        input_channels = 3,
        filters = 5,
        output_height = 9,
        output_width = 5,
        window = Window(3, 2, stride: (2, 1), dilation: (1, 1), pad: (0, 1)),
        activation = 3,
        use_bias = 1,
    };

    private static cn_window Window(
        long height, long width, (long Height, long Width) stride, (long Height, long Width) dilation, (long Top, long Left) pad)
    {
        return new cn_window
        {
            height = height,
            width = width,
            stride_height = stride.Height,
            stride_width = stride.Width,
            dilation_height = dilation.Height,
            dilation_width = dilation.Width,
            pad_top = pad.Top,
            pad_left = pad.Left,
        };
    }

    private static cn_dense_desc ValidDense() => Abi.Describe<cn_dense_desc>() with
    {
        input_gradient = 1,
        batch = 3,
        positions = 2,
        inputs = 9,
        units = 5,
        activation = 1,
        use_bias = 1,
        dropout_rate = 0.25f,
        dropout_stream = 2,
    };

    private static cn_loss_desc ValidLoss() =>
        Abi.Describe<cn_loss_desc>() with { loss = 1, batch = 3, positions = 2, classes = 5, from_logits = 1, accuracy = 2 };

    /// <summary>With all slots and averages; momentum, rho and schedule_decay are for other rules that it is changed to.</summary>
    private static cn_optimizer_desc ValidOptimizer() => Abi.Describe<cn_optimizer_desc>() with
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_ADAM,
        count = 37,
        momentum = 0.9,
        beta_1 = 0.9,
        beta_2 = 0.999,
        rho = 0.9,
        epsilon = 1e-7,
        schedule_decay = 0.004,
        amsgrad = 1,
        use_ema = 1,
        ema_momentum = 0.9,
    };

    private static cn_regularizer_desc ValidRegularizer() =>
        Abi.Describe<cn_regularizer_desc>() with { batch = 3, positions = 2, count = 37, tensors = 2 };

    private static cn_constraint_desc ValidConstraint() => Abi.Describe<cn_constraint_desc>() with { count = 37, tensors = 2 };

    private static cn_activity_regularization_desc ValidActivityRegularization() =>
        Abi.Describe<cn_activity_regularization_desc>() with { input_gradient = 1, batch = 3, count = 37, positions = 2, l1 = 0.5f, l2 = 0.25f };

    private static cn_glu_desc ValidGlu() =>
        Abi.Describe<cn_glu_desc>() with { batch = 3, positions = 2, units = 7, input_gradient = 1 };

    private static cn_optimizer_desc ValidMuon() => ValidOptimizer() with
    {
        optimizer = (int)cn_optimizer_kind.CN_OPTIMIZER_MUON,
        amsgrad = 0,
        adam_rate_ratio = 0.1,
        matrices = 2,
        iterations = 6,
    };

    private static cn_gather_desc ValidGather() => Abi.Describe<cn_gather_desc>() with
    {
        input = 1,
        batch = 3,
        samples = 11,
        input_count = 7,
        target_count = 4,
        target = 2,
        scale = 0.5f,
    };

    private static bool RunActivation(nint op, in cn_activation_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.count))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        nint x = memory.Floats(d.batch * d.count), y = memory.Floats(d.batch * d.count);
        nint dx = d.input_gradient == 0 ? 0 : memory.Floats(d.batch * d.count);
        bool takesInput = d.activation >= (int)cn_activation.CN_ACTIVATION_SILU;
        Abi.Accepted(Native.cn_activation_forward(op, state, x, y));
        Abi.Accepted(Native.cn_activation_backward(op, state, takesInput ? x : 0, takesInput ? 0 : y, memory.Floats(d.batch * d.count), dx));
        return true;
    }

    private static bool RunGlu(nint op, in cn_glu_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.positions, d.units))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long count = d.batch * d.positions * d.units;
        nint x = memory.Floats(2 * count), dx = d.input_gradient == 0 ? 0 : memory.Floats(2 * count);
        Abi.Accepted(Native.cn_glu_forward(op, state, x, memory.Floats(count)));
        Abi.Accepted(Native.cn_glu_backward(op, state, x, memory.Floats(count), dx));
        return true;
    }

    private static bool RunSoftmax(nint op, in cn_softmax_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.positions, d.classes))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long count = d.batch * d.positions * d.classes;
        nint y = memory.Floats(count), dx = d.input_gradient == 0 ? 0 : memory.Floats(count);
        Abi.Accepted(Native.cn_softmax_forward(op, state, memory.Floats(count), y));
        Abi.Accepted(Native.cn_softmax_backward(op, state, y, memory.Floats(count), dx));
        return true;
    }

    private static bool RunDropout(nint op, in cn_dropout_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.count))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        Abi.Accepted(Native.cn_dropout_forward(op, state, memory.Floats(d.batch * d.count), memory.Floats(d.batch * d.count)));
        nint dx = d.input_gradient == 0 ? 0 : memory.Floats(d.batch * d.count);
        Abi.Accepted(Native.cn_dropout_backward(op, state, memory.Floats(d.batch * d.count), dx));
        return true;
    }

    private static bool RunPooling(nint op, in cn_max_pooling2d_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.input_height, d.input_width, d.channels) || !Fits(d.batch, d.output_height, d.output_width, d.channels))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long inputs = d.batch * d.input_height * d.input_width * d.channels;
        long outputs = d.batch * d.output_height * d.output_width * d.channels;
        nint codes = memory.Bytes(outputs), x = memory.Floats(inputs), dx = d.input_gradient == 0 ? 0 : memory.Floats(inputs);
        Abi.Accepted(Native.cn_max_pooling2d_forward(op, state, x, memory.Floats(outputs), codes));
        Abi.Accepted(Native.cn_max_pooling2d_forward(op, state, x, memory.Floats(outputs), 0));
        Abi.Accepted(Native.cn_max_pooling2d_backward(op, state, codes, memory.Floats(outputs), dx));
        Abi.Accepted(Native.cn_max_pooling2d_backward(op, state, Garbage(memory, outputs, ref random), memory.Floats(outputs), dx));
        return true;
    }

    private static bool FitsConvolution(in cn_conv2d_desc d)
    {
        cn_window w = d.window;
        long rows = (d.conv_height - 1) * w.stride_height + (w.height - 1) * w.dilation_height + 1;
        long columns = (d.conv_width - 1) * w.stride_width + (w.width - 1) * w.dilation_width + 1;
        long reachHeight = d.input_height + (w.height - 1) * w.dilation_height;
        long reachWidth = d.input_width + (w.width - 1) * w.dilation_width;
        return Fits(d.batch, d.input_height, d.input_width, d.input_channels) && Fits(d.batch, d.conv_height, d.conv_width, d.filters) &&
            Fits(w.height, w.width, d.input_channels, d.filters) && Fits(rows, columns, Math.Max(d.input_channels, d.filters)) &&
            Fits(reachHeight, reachWidth, d.filters) &&
            Product(d.batch, d.conv_height, d.conv_width, w.height, w.width, d.input_channels, d.filters) <= MaxWork &&
            Product(d.batch, d.input_height, d.input_width, w.height, w.width, d.input_channels, d.filters) <= MaxWork;
    }

    private static bool RunConvolution(nint op, in cn_conv2d_desc d, ref RandomWords random)
    {
        if (!FitsConvolution(d))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        cn_window w = d.window;
        long inputs = d.batch * d.input_height * d.input_width * d.input_channels;
        long outputs = d.batch * d.output_height * d.output_width * d.filters;
        long weights = w.height * w.width * (d.input_channels / Math.Max(1, d.groups)) * d.filters;
        nint x = memory.Floats(inputs), y = memory.Floats(outputs), kernel = memory.Floats(weights), dy = memory.Floats(outputs);
        nint bias = d.use_bias == 0 ? 0 : memory.Floats(d.filters), dbias = d.use_bias == 0 ? 0 : memory.Floats(d.filters);
        nint codes = d.pool.height == 0 ? 0 : memory.Bytes(outputs), dx = d.input_gradient == 0 ? 0 : memory.Floats(inputs);
        nint dkernel = memory.Floats(weights), moments = d.use_moments == 0 ? 0 : memory.Floats(4 * d.filters);
        Abi.Accepted(Native.cn_conv2d_predict(op, state, x, kernel, bias, 0, y));
        if (codes == 0)
            Abi.Accepted(Native.cn_conv2d_predict(op, state, x, kernel, bias, dy, y));
        Abi.Accepted(Native.cn_conv2d_forward(op, state, x, kernel, bias, y, codes, moments));
        Abi.Accepted(Native.cn_conv2d_backward(op, state, x, kernel, y, codes, dy, dx, dkernel, dbias));
        if (codes != 0)
            Abi.Accepted(Native.cn_conv2d_backward(op, state, x, kernel, y, Garbage(memory, outputs, ref random), dy, dx, dkernel, dbias));
        return true;
    }

    private static bool RunTransposedConvolution(nint op, in cn_conv2d_transpose_desc d, ref RandomWords random)
    {
        cn_window w = d.window;
        long rows = (d.input_height - 1) * w.stride_height + (w.height - 1) * w.dilation_height + 1;
        long columns = (d.input_width - 1) * w.stride_width + (w.width - 1) * w.dilation_width + 1;
        long reachHeight = d.output_height + (w.height - 1) * w.dilation_height;
        long reachWidth = d.output_width + (w.width - 1) * w.dilation_width;
        if (!Fits(d.batch, d.input_height, d.input_width, d.input_channels) || !Fits(d.batch, d.output_height, d.output_width, d.filters) ||
            !Fits(w.height, w.width, d.input_channels, d.filters) || !Fits(rows, columns, d.filters) ||
            !Fits(reachHeight, reachWidth, d.input_channels) ||
            Product(d.batch, d.input_height, d.input_width, w.height, w.width, d.input_channels, d.filters) > MaxWork)
        {
            return false;
        }

        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long inputs = d.batch * d.input_height * d.input_width * d.input_channels;
        long outputs = d.batch * d.output_height * d.output_width * d.filters;
        long weights = w.height * w.width * d.filters * d.input_channels;
        nint x = memory.Floats(inputs), y = memory.Floats(outputs), kernel = memory.Floats(weights), dy = memory.Floats(outputs);
        nint bias = d.use_bias == 0 ? 0 : memory.Floats(d.filters), dbias = d.use_bias == 0 ? 0 : memory.Floats(d.filters);
        nint dx = d.input_gradient == 0 ? 0 : memory.Floats(inputs);
        Abi.Accepted(Native.cn_conv2d_transpose_forward(op, state, x, kernel, bias, y));
        Abi.Accepted(Native.cn_conv2d_transpose_backward(op, state, x, kernel, y, dy, dx, memory.Floats(weights), dbias));
        Abi.Accepted(Native.cn_conv2d_transpose_backward(op, state, x, kernel, y, dy, dx, 0, 0));
        return true;
    }

    private static bool RunDense(nint op, in cn_dense_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.positions, d.inputs) || !Fits(d.batch, d.positions, d.units) || !Fits(d.inputs, d.units) ||
            Product(d.batch, d.positions, d.inputs, d.units) > MaxWork)
        {
            return false;
        }

        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long inputs = d.batch * d.positions * d.inputs, outputs = d.batch * d.positions * d.units;
        nint x = memory.Floats(inputs), kernel = memory.Floats(d.inputs * d.units), y = memory.Floats(outputs);
        nint bias = d.use_bias == 0 ? 0 : memory.Floats(d.units), dbias = d.use_bias == 0 ? 0 : memory.Floats(d.units);
        nint dx = d.input_gradient == 0 ? 0 : memory.Floats(inputs);
        Abi.Accepted(Native.cn_dense_predict(op, state, x, kernel, bias, y));
        Abi.Accepted(Native.cn_dense_forward(op, state, x, kernel, bias, y));
        Abi.Accepted(
            Native.cn_dense_backward(op, state, x, kernel, y, memory.Floats(outputs), dx, memory.Floats(d.inputs * d.units), dbias));
        Abi.Accepted(Native.cn_dense_backward(op, state, x, kernel, y, memory.Floats(outputs), dx, 0, 0));
        return true;
    }

    private static bool RunLoss(nint op, in cn_loss_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.positions, d.classes))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        long count = d.batch * d.positions * d.classes;
        // Sparse targets are whatever the memory holds: most are out of range.
        nint targets = d.loss == 2 ? Garbage(memory, d.batch * d.positions * sizeof(int), ref random) : memory.Floats(count);
        nint predictions = memory.Floats(count), metrics = memory.Bytes(3 * sizeof(double));
        nint weights = memory.Floats(d.batch * d.positions), probabilities = d.from_logits == 0 ? 0 : memory.Floats(count);
        Abi.Accepted(Native.cn_loss_forward(op, state, predictions, targets, weights, memory.Floats(count), probabilities, metrics));
        Abi.Accepted(Native.cn_loss_forward(op, state, predictions, targets, 0, 0, 0, metrics));
        Abi.Accepted(Native.cn_loss_forward(op, state, predictions, targets, 0, predictions, 0, metrics));
        return true;
    }

    /// <summary>Where tensors begin is not part of the description: a norm for each of them is refused without.</summary>
    private static int CreateOptimizer(nint context, in cn_optimizer_desc d, out nint op) => Native.cn_optimizer_create(context, in d, 0, 0, out op);

    /// <summary>There are two matrices; more of them are refused without.</summary>
    private static unsafe int CreateMuon(nint context, in cn_optimizer_desc d, out nint op)
    {
        cn_matrix* matrices = stackalloc cn_matrix[2];
        matrices[0] = new cn_matrix { offset = 2, rows = 5, columns = 3 };
        matrices[1] = new cn_matrix { offset = 17, rows = 2, columns = 9 };
        return Native.cn_optimizer_create(context, in d, 0, d.matrices is 1 or 2 ? (nint)matrices : 0, out op);
    }

    private static bool RunOptimizer(nint op, in cn_optimizer_desc d, ref RandomWords random)
    {
        if (!Fits(d.count))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, 1, ref random);
        int slots = (cn_optimizer_kind)d.optimizer switch
        {
            cn_optimizer_kind.CN_OPTIMIZER_SGD => d.momentum != 0 ? 1 : 0,
            cn_optimizer_kind.CN_OPTIMIZER_ADAM => 2 + d.amsgrad,
            cn_optimizer_kind.CN_OPTIMIZER_RMSPROP => 1 + (d.momentum != 0 ? 1 : 0) + d.centered,
            cn_optimizer_kind.CN_OPTIMIZER_ADAGRAD or cn_optimizer_kind.CN_OPTIMIZER_LION => 1,
            _ => 2,
        };
        nint[] slot = new nint[3];
        for (int i = 0; i < slots; i++)
            slot[i] = memory.Floats(d.count);
        nint ema = d.use_ema == 0 ? 0 : memory.Floats(d.count);
        Abi.Accepted(Native.cn_optimizer_step(
            op, state, memory.Floats(d.count), memory.Floats(d.count), slot[0], slot[1], slot[2], ema, 1));
        return true;
    }

    // Of a list that is longer than it is said to be, nobody can know: only its true lengths are tried.
    private static unsafe int CreateRegularizer(nint context, in cn_regularizer_desc d, out nint op)
    {
        cn_penalty* penalties = stackalloc cn_penalty[2];
        penalties[0] = new cn_penalty { offset = 1, count = 5, l1 = 0.5 };
        penalties[1] = new cn_penalty { offset = 16, count = 21, l1 = 0.25, l2 = 2 };
        return Native.cn_regularizer_create(context, in d, d.tensors <= 2 ? (nint)penalties : 0, out op);
    }

    private static bool RunRegularizer(nint op, in cn_regularizer_desc d, ref RandomWords random)
    {
        if (!Fits(d.count))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random), metrics = memory.Bytes(3 * sizeof(double));
        Abi.Accepted(Native.cn_regularizer_add(op, state, memory.Floats(d.count), memory.Floats(d.count), metrics));
        Abi.Accepted(Native.cn_regularizer_add(op, state, memory.Floats(d.count), 0, metrics));
        return true;
    }

    private static unsafe int CreateConstraint(nint context, in cn_constraint_desc d, out nint op)
    {
        cn_constraint* constraints = stackalloc cn_constraint[2];
        constraints[0] = new cn_constraint { offset = 1, rows = 5, columns = 1, constraint = 1 };
        constraints[1] = new cn_constraint { offset = 16, rows = 3, columns = 7, maximum = 2 };
        return Native.cn_constraint_create(context, in d, d.tensors <= 2 ? (nint)constraints : 0, out op);
    }

    private static bool RunConstraint(nint op, in cn_constraint_desc d, ref RandomWords random)
    {
        if (!Fits(d.count))
            return false;
        using var memory = new GuardedMemory();
        Abi.Accepted(Native.cn_constraint_apply(op, memory.Floats(d.count)));
        return true;
    }

    private static bool RunActivityRegularization(nint op, in cn_activity_regularization_desc d, ref RandomWords random)
    {
        if (!Fits(d.batch, d.count))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random), x = memory.Floats(d.batch * d.count);
        nint dx = d.input_gradient == 0 ? 0 : memory.Floats(d.batch * d.count);
        Abi.Accepted(Native.cn_activity_regularization_forward(op, state, x, memory.Floats(d.batch * d.count), memory.Bytes(3 * sizeof(double))));
        Abi.Accepted(Native.cn_activity_regularization_forward(op, state, x, x, 0));
        Abi.Accepted(Native.cn_activity_regularization_backward(op, state, x, memory.Floats(d.batch * d.count), dx));
        return true;
    }

    private static unsafe bool RunGather(nint op, in cn_gather_desc d, ref RandomWords random)
    {
        if (!Fits(d.samples, d.input_count) || !Fits(d.samples, d.target_count))
            return false;
        using var memory = new GuardedMemory();
        nint state = State(memory, d.batch, ref random);
        // Numbers of samples and classes are whatever the memory holds: most are out of range.
        nint order = Garbage(memory, d.samples * sizeof(int), ref random), cursor = memory.Bytes(sizeof(cn_cursor));
        nint inputs = d.input == 0 ? memory.Floats(d.samples * d.input_count) : Garbage(memory, d.samples * d.input_count, ref random);
        nint targets = d.target == 0 ? memory.Floats(d.samples * d.target_count)
            : Garbage(memory, d.samples * (d.target == 1 ? d.target_count : 1) * sizeof(int), ref random);
        *(cn_cursor*)cursor = new cn_cursor { position = random.Below((int)d.samples) };
        nint x = memory.Floats(d.batch * d.input_count), t = memory.Floats(d.batch * d.target_count);
        Abi.Accepted(Native.cn_gather_forward(op, state, inputs, targets, order, cursor, x, t));
        Abi.Accepted(Native.cn_gather_forward(op, state, inputs, targets, order, cursor, x, t));
        return true;
    }

    private static unsafe nint State(GuardedMemory memory, long batch, ref RandomWords random)
    {
        nint state = memory.Bytes(sizeof(cn_state));
        long rows = 1 + random.Below((int)Math.Min(batch, MaxFloats));
        *(cn_state*)state = new cn_state { rows = rows, learning_rate = 0.1, seed = 3, step = ulong.MaxValue - 1 };
        return state;
    }

    private static unsafe nint Garbage(GuardedMemory memory, long bytes, ref RandomWords random)
    {
        nint address = memory.Bytes(bytes);
        foreach (ref byte value in new Span<byte>((void*)address, (int)bytes))
            value = (byte)random.Below(256);
        return address;
    }

    private static bool Fits(params ReadOnlySpan<long> extents) => Product(extents) <= MaxFloats;

    private static BigInteger Product(params ReadOnlySpan<long> extents)
    {
        BigInteger product = 1;
        foreach (long extent in extents)
            product *= extent;
        return product;
    }
}

/// <summary>What became of a descriptor.</summary>
internal enum Outcome
{
    Refused,
    Created,
    Run,
}

/// <summary>A kind of op with its descriptor.</summary>
/// <param name="name">The function that makes it.</param>
/// <param name="create">The same.</param>
/// <param name="valid">A small valid descriptor.</param>
/// <param name="run">Runs an op on memory of exactly the size that the descriptor says; false when that is too much.</param>
internal sealed class OpKind<T>(string name, Abi.Create<T> create, T valid, OpKind<T>.RunOp run) : OpKind
    where T : unmanaged
{
    public delegate bool RunOp(nint op, in T description, ref RandomWords random);

    public override string Name => name;

    public override nint CreateValid(nint context)
    {
        Abi.Accepted(create(context, in valid, out nint op));
        return op;
    }

    public override Outcome TryMutated(nint context, ref RandomWords random)
    {
        T description = Fields.Mutate(valid, ref random);
        string what = $"{name} with {Fields.Text(description)}";
        Trace.Last = what; // Known before anything can end the process.
        if (!Abi.IsAccepted(create(context, in description, out nint op), what))
            return Outcome.Refused;
        bool ran = run(op, in description, ref random);
        Abi.Accepted(Native.cn_op_destroy(op));
        return ran ? Outcome.Run : Outcome.Created;
    }
}

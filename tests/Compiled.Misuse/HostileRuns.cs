using Compiled.Interop;

namespace Compiled.Misuse;

/// <summary>Every run function, with each of its arguments wrong in turn.</summary>
internal static class HostileRuns
{
    private const string Bytes = "codes";

    /// <summary>What is left out where nobody wants it.</summary>
    private static readonly string[] Optional = ["dkernel", "dbias", "dgamma", "dbeta"];

    public static void Run()
    {
        nint context = Abi.Context();
        nint[] ops = [.. OpKind.All.Select(kind => kind.CreateValid(context))];
        nint destroyed = OpKind.All[0].CreateValid(context);
        Abi.Accepted(Native.cn_op_destroy(destroyed));
        Abi.Accepted(Native.cn_buffer_create(context, 4096, out nint buffer));
        (nint activation, nint softmax, nint dropout, nint pooling) = (ops[0], ops[1], ops[2], ops[3]);
        (nint conv, nint pooled, nint dense, nint loss, nint optimizer) = (ops[4], ops[5], ops[6], ops[7], ops[8]);
        (nint regularizer, nint constraint, nint activity) = (ops[12], ops[13], ops[14]);
        RunFunction[] functions =
        [
            new("cn_activation_forward", activation, 3, ["x", "y"], a => Native.cn_activation_forward(a[0], a[1], a[2], a[3])),
            new("cn_activation_backward", activation, 3, ["y", "dy", "dx"],
                a => Native.cn_activation_backward(a[0], a[1], 0, a[2], a[3], a[4])),
            new("cn_softmax_forward", softmax, 3, ["x", "y"], a => Native.cn_softmax_forward(a[0], a[1], a[2], a[3])),
            new("cn_softmax_backward", softmax, 3, ["y", "dy", "dx"], a => Native.cn_softmax_backward(a[0], a[1], a[2], a[3], a[4])),
            new("cn_dropout_forward", dropout, 3, ["x", "y"], a => Native.cn_dropout_forward(a[0], a[1], a[2], a[3])),
            new("cn_dropout_backward", dropout, 3, ["dy", "dx"], a => Native.cn_dropout_backward(a[0], a[1], a[2], a[3])),
            new("cn_max_pooling2d_forward", pooling, 2, ["x", "y"], a => Native.cn_max_pooling2d_forward(a[0], a[1], a[2], a[3], 0)),
            new("cn_max_pooling2d_backward", pooling, 2, [Bytes, "dy", "dx"],
                a => Native.cn_max_pooling2d_backward(a[0], a[1], a[2], a[3], a[4])),
            new("cn_conv2d_predict", conv, 2, ["x", "kernel", "bias", "y"],
                a => Native.cn_conv2d_predict(a[0], a[1], a[2], a[3], a[4], 0, a[5])),
            new("cn_conv2d_forward", conv, 2, ["x", "kernel", "bias", "y"],
                a => Native.cn_conv2d_forward(a[0], a[1], a[2], a[3], a[4], a[5], 0, 0)),
            new("cn_conv2d_forward", pooled, 2, ["x", "kernel", "bias", "y", Bytes],
                a => Native.cn_conv2d_forward(a[0], a[1], a[2], a[3], a[4], a[5], a[6], 0)),
            new("cn_conv2d_backward", conv, 2, ["x", "kernel", "y", "dy", "dx", "dkernel", "dbias"],
                a => Native.cn_conv2d_backward(a[0], a[1], a[2], a[3], a[4], 0, a[5], a[6], a[7], a[8])),
            new("cn_conv2d_backward", pooled, 2, ["x", "kernel", "y", Bytes, "dy", "dx", "dkernel", "dbias"],
                a => Native.cn_conv2d_backward(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9])),
            new("cn_dense_predict", dense, 3, ["x", "kernel", "bias", "y"],
                a => Native.cn_dense_predict(a[0], a[1], a[2], a[3], a[4], a[5])),
            new("cn_dense_forward", dense, 3, ["x", "kernel", "bias", "y"],
                a => Native.cn_dense_forward(a[0], a[1], a[2], a[3], a[4], a[5])),
            new("cn_dense_backward", dense, 3, ["x", "kernel", "y", "dy", "dx", "dkernel", "dbias"],
                a => Native.cn_dense_backward(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8])),
            new("cn_loss_forward", loss, 3, ["predictions", "targets", "metrics"],
                a => Native.cn_loss_forward(a[0], a[1], a[2], a[3], 0, 0, 0, a[4])),
            new("cn_optimizer_step", optimizer, 0, ["parameters", "gradients", "slot_0", "slot_1", "slot_2", "ema"],
                a => Native.cn_optimizer_step(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], 1)),
            new("cn_regularizer_add", regularizer, 3, ["parameters", "metrics"], a => Native.cn_regularizer_add(a[0], a[1], a[2], 0, a[3])),
            new("cn_activity_regularization_forward", activity, 3, ["x", "y", "metrics"],
                a => Native.cn_activity_regularization_forward(a[0], a[1], a[2], a[3], a[4] == 0 ? 1 : a[4])),
            new("cn_activity_regularization_backward", activity, 3, ["x", "dy", "dx"],
                a => Native.cn_activity_regularization_backward(a[0], a[1], a[2], a[3], a[4])),
            new("cn_conv2d_transpose_forward", Op("cn_conv2d_transpose_create"), 2, ["x", "kernel", "bias", "y"],
                a => Native.cn_conv2d_transpose_forward(a[0], a[1], a[2], a[3], a[4], a[5])),
            new("cn_conv2d_transpose_backward", Op("cn_conv2d_transpose_create"), 2, ["x", "kernel", "y", "dy", "dx", "dkernel", "dbias"],
                a => Native.cn_conv2d_transpose_backward(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8])),
            new("cn_padding2d_forward", Op("cn_padding2d_create"), 2, ["x", "y"], a => Native.cn_padding2d_forward(a[0], a[1], a[2], a[3])),
            new("cn_padding2d_backward", Op("cn_padding2d_create"), 2, ["dy", "dx"],
                a => Native.cn_padding2d_backward(a[0], a[1], a[2], a[3])),
            new("cn_upsampling2d_forward", Op("cn_upsampling2d_create"), 2, ["x", "y"],
                a => Native.cn_upsampling2d_forward(a[0], a[1], a[2], a[3])),
            new("cn_upsampling2d_backward", Op("cn_upsampling2d_create"), 2, ["dy", "dx"],
                a => Native.cn_upsampling2d_backward(a[0], a[1], a[2], a[3])),
            new("cn_average_pooling2d_forward", Op("cn_average_pooling2d_create"), 2, ["x", "y"],
                a => Native.cn_average_pooling2d_forward(a[0], a[1], a[2], a[3])),
            new("cn_average_pooling2d_backward", Op("cn_average_pooling2d_create"), 2, ["dy", "dx"],
                a => Native.cn_average_pooling2d_backward(a[0], a[1], a[2], a[3])),
            new("cn_global_pooling2d_forward", Op("cn_global_pooling2d_create"), 3, ["x", "y"],
                a => Native.cn_global_pooling2d_forward(a[0], a[1], a[2], a[3], 0)),
            new("cn_global_pooling2d_backward", Op("cn_global_pooling2d_create"), 3, ["indices", "dy", "dx"],
                a => Native.cn_global_pooling2d_backward(a[0], a[1], a[2], a[3], a[4])),
            new("cn_gaussian_noise_forward", Op("cn_gaussian_noise_create"), 3, ["x", "y"],
                a => Native.cn_gaussian_noise_forward(a[0], a[1], a[2], a[3])),
            new("cn_gaussian_noise_backward", Op("cn_gaussian_noise_create"), 3, ["dy", "dx"],
                a => Native.cn_gaussian_noise_backward(a[0], a[1], a[2], a[3])),
            new("cn_add_forward", Op("cn_add_create"), 3, ["x_0", "x_1", "x_2", "y"],
                a => Native.cn_add_forward(a[0], a[1], a[2], a[3], a[4], 0, a[5])),
            new("cn_add_backward", Op("cn_add_create"), 3, ["y", "dy", "dx_0", "dx_1", "dx_2"],
                a => Native.cn_add_backward(a[0], a[1], a[2], a[3], a[4], a[5], a[6], 0)),
            new("cn_concatenate_forward", Op("cn_concatenate_create"), 2, ["x_0", "x_1", "x_2", "y"],
                a => Native.cn_concatenate_forward(a[0], a[1], a[2], a[3], a[4], 0, a[5])),
            new("cn_concatenate_backward", Op("cn_concatenate_create"), 2, ["dy", "dx_0", "dx_1"],
                a => Native.cn_concatenate_backward(a[0], a[1], a[2], a[3], a[4], 0, 0)),
            new("cn_joined_conv2d_predict", Op("cn_joined_conv2d_create"), 2, ["x_0", "x_1", "kernel", "bias", "y"],
                a => Native.cn_joined_conv2d_predict(a[0], a[1], a[2], a[3], 0, 0, a[4], a[5], 0, a[6])),
            new("cn_joined_conv2d_forward", Op("cn_joined_conv2d_create"), 2, ["x_0", "x_1", "kernel", "bias", "y"],
                a => Native.cn_joined_conv2d_forward(a[0], a[1], a[2], a[3], 0, 0, a[4], a[5], a[6], 0, 0)),
            new("cn_joined_conv2d_backward", Op("cn_joined_conv2d_create"), 2,
                ["x_0", "x_1", "kernel", "y", "dy", "dx_0", "dx_1", "dkernel", "dbias"],
                a => Native.cn_joined_conv2d_backward(a[0], a[1], a[2], a[3], 0, 0, a[4], a[5], 0, a[6], a[7], a[8], 0, 0, a[9], a[10])),
            new("cn_layer_normalization_forward", Op("cn_layer_normalization_create"), 3, ["x", "gamma", "beta", "y"],
                a => Native.cn_layer_normalization_forward(a[0], a[1], a[2], a[3], a[4], a[5], 0)),
            new("cn_layer_normalization_backward", Op("cn_layer_normalization_create"), 3, ["x", "gamma", "saved", "dy", "dx", "dgamma", "dbeta"],
                a => Native.cn_layer_normalization_backward(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8])),
            new("cn_batch_normalization_forward", Op("cn_batch_normalization_create"), 3,
                ["x", "gamma", "beta", "moving_mean", "moving_variance", "addend", "y", "saved"],
                a => Native.cn_batch_normalization_forward(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], 0, a[8], a[9], 0)),
            new("cn_batch_normalization_predict", Op("cn_batch_normalization_create"), 3,
                ["x", "gamma", "beta", "moving_mean", "moving_variance", "addend", "y"],
                a => Native.cn_batch_normalization_predict(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8])),
            new("cn_batch_normalization_backward", Op("cn_batch_normalization_create"), 3,
                ["x", "gamma", "saved", "y", "dy", "dx", "daddend", "dgamma", "dbeta"],
                a => Native.cn_batch_normalization_backward(a[0], a[1], a[2], a[3], a[4], a[5], 0, a[6], a[7], a[8], a[9], a[10])),
            new("cn_metric_add", Op("cn_metric_create"), 3, ["predictions", "targets", "sums"],
                a => Native.cn_metric_add(a[0], a[1], a[2], a[3], 0, a[4])),
        ];
        foreach (RunFunction function in functions)
        {
            IEnumerable<nint> others = ops.Where(op => NameOf(op) != NameOf(function.Op));
            Try(function, [.. others, destroyed, context, buffer, 0, 42, -1]);
        }

        // What must be null: codes without pooling, and the other way round.
        using var memory = new GuardedMemory();
        nint[] good = Arguments(memory, functions[9]);
        Abi.Refused(
            Native.cn_conv2d_forward(conv, good[1], good[2], good[3], good[4], good[5], memory.Bytes(4096), 0), "codes without pooling");
        Abi.Refused(
            Native.cn_conv2d_forward(conv, good[1], good[2], good[3], good[4], good[5], 0, memory.Floats(1024)), "moments that nobody asked for");
        Abi.Refused(Native.cn_conv2d_forward(pooled, good[1], good[2], good[3], good[4], good[5], 0, 0), "pooling without codes");
        Abi.Refused(Native.cn_conv2d_predict(conv, good[1], good[2], good[3], good[4], 2, good[5]), "a crooked addend");
        Abi.Refused(
            Native.cn_conv2d_predict(pooled, good[1], good[2], good[3], good[4], memory.Floats(1024), good[5]), "an addend with pooling");
        Abi.Refused(Native.cn_loss_forward(loss, good[1], good[2], good[3], 0, 2, 0, good[5]), "a crooked gradient");
        Abi.Refused(Native.cn_loss_forward(loss, good[1], good[2], good[3], 2, 0, 0, good[5]), "crooked weights");
        Abi.Refused(Native.cn_regularizer_add(regularizer, good[1], good[2], 2, good[3]), "crooked gradients");
        Abi.Refused(Native.cn_constraint_apply(constraint, 0), "no parameters");
        Abi.Refused(Native.cn_constraint_apply(constraint, good[2] + 1), "crooked parameters");
        Abi.Refused(Native.cn_constraint_apply(regularizer, good[2]), "an op of another kind");
        Abi.Refused(Native.cn_dense_backward(dense, good[1], good[2], good[3], good[4], good[5], good[2], 2, 0), "a crooked gradient of a kernel");
        Console.WriteLine($"{functions.Length} functions");

        nint Op(string name) => ops[OpKind.All.ToList().FindIndex(kind => kind.Name == name)];

        string NameOf(nint op) => OpKind.All[Array.IndexOf(ops, op)].Name;
    }

    private static void Try(RunFunction function, nint[] wrongOps)
    {
        using var memory = new GuardedMemory();
        nint[] good = Arguments(memory, function);
        Abi.Accepted(function.Call(good));
        foreach (nint wrong in wrongOps)
            Abi.Refused(function.Call([wrong, .. good[1..]]), $"{function.Name} of the op {wrong:x}");
        for (int argument = 1; argument < good.Length; argument++)
        {
            string name = argument == 1 ? "state" : function.Pointers[argument - 2];
            if (!Optional.Contains(name))
                Refuse(0);
            if (name != Bytes)
                Refuse(good[argument] + 1);

            void Refuse(nint value)
            {
                nint[] bad = [.. good];
                bad[argument] = value;
                Abi.Refused(function.Call(bad), $"{function.Name} with {name} {value:x}");
                Expect.That(Abi.LastError().Contains(name, StringComparison.Ordinal), $"'{name}' in '{Abi.LastError()}'");
            }
        }

        foreach (long rows in function.Batch == 0 ? [] : (long[])[0, -1, function.Batch + 1, int.MaxValue, long.MaxValue, long.MinValue])
        {
            SetRows(good[1], rows);
            Abi.Refused(function.Call(good), $"{function.Name} of {rows} rows");
        }

        SetRows(good[1], Math.Max(1, function.Batch));
        Abi.Accepted(function.Call(good));
    }

    /// <summary>Right ones: every array is larger than any op here needs.</summary>
    private static nint[] Arguments(GuardedMemory memory, RunFunction function)
    {
        nint state = memory.Bytes(64);
        SetRows(state, Math.Max(1, function.Batch));
        return [function.Op, state, .. function.Pointers.Select(name => name == Bytes ? memory.Bytes(4096) : memory.Floats(4096))];
    }

    private static unsafe void SetRows(nint state, long rows) => ((cn_state*)state)->rows = rows;

    /// <param name="Name">The function.</param>
    /// <param name="Op">An op for it.</param>
    /// <param name="Batch">The batch of the op; 0 for an op that has none.</param>
    /// <param name="Pointers">The arguments after op and state, all of which must be given.</param>
    /// <param name="Call">Calls it with op, state and pointers.</param>
    private sealed record RunFunction(string Name, nint Op, long Batch, string[] Pointers, Func<nint[], int> Call);
}

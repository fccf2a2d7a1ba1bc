using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled.Misuse;

/// <summary>Handles that are none, null descriptors, buffers beyond their ends.</summary>
internal static class HostileHandles
{
    public static void Run()
    {
        nint context = Abi.Context(), other = Abi.Context();
        Abi.Accepted(Native.cn_buffer_create(context, 4096, out nint buffer));
        nint op = OpKind.All[0].CreateValid(context), destroyed = OpKind.All[0].CreateValid(context);
        Abi.Accepted(Native.cn_op_destroy(destroyed));
        nint[] live = [context, other, buffer, op];

        ExpectUnknown(0, nullIsAccepted: true);
        ExpectUnknown(destroyed, nullIsAccepted: false);
        for (int i = 0; i < 20_000; i++)
        {
            var random = new RandomWords((ulong)i);
            nint value = (nint)(((ulong)random.Next() << 32) | random.Next()) >> random.Below(64);
            // A live handle with one bit turned is the likeliest accident.
            if (i % 2 == 0)
                value = live[random.Below(live.Length)] ^ (nint)(1UL << random.Below(64));
            if (value != 0 && !live.Contains(value))
                ExpectUnknown(value, nullIsAccepted: false);
        }

        ExpectWrongKind(context, buffer, op);
        ExpectNullDescriptors(context);
        ExpectBounds(buffer);

        Abi.Accepted(Native.cn_context_synchronize(context));
        Abi.Accepted(Native.cn_op_destroy(op));
        Abi.Accepted(Native.cn_buffer_destroy(buffer));
        Abi.Accepted(Native.cn_context_destroy(context));
        Abi.Accepted(Native.cn_context_destroy(other));
        foreach (nint handle in live)
            ExpectUnknown(handle, nullIsAccepted: false);
    }

    private static void ExpectUnknown(nint handle, bool nullIsAccepted)
    {
        cn_context_info info = Abi.Describe<cn_context_info>();
        cn_dense_desc dense = Abi.Describe<cn_dense_desc>();
        string what = $"the handle {handle:x}";
        Abi.Refused(Native.cn_context_synchronize(handle), what);
        Abi.Refused(Native.cn_context_get_info(handle, ref info), what);
        Abi.Refused(Native.cn_context_describe(handle, 0, 0, out _), what);
        Abi.Refused(Native.cn_buffer_create(handle, 16, out _), what);
        Abi.Refused(Native.cn_buffer_address(handle, out _), what);
        Abi.Refused(Native.cn_buffer_clear(handle, 0, 16), what);
        Abi.Refused(Native.cn_buffer_read(handle, 0, 0, 16), what);
        Abi.Refused(Native.cn_buffer_write(handle, 0, 0, 16), what);
        Abi.Refused(Native.cn_feed_create(handle, 0, 16, 1, out _), what);
        Abi.Refused(Native.cn_feed_next(handle, out _), what);
        Abi.Refused(Native.cn_feed_send(handle, 0), what);
        Abi.Refused(Native.cn_graph_begin(handle), what);
        Abi.Refused(Native.cn_graph_end(handle, out _), what);
        Abi.Refused(Native.cn_graph_launch(handle), what);
        Abi.Refused(Native.cn_dense_create(handle, in dense, out _), what);
        Abi.Refused(Native.cn_activation_forward(handle, 0, 0, 0), what);
        Abi.Refused(Native.cn_optimizer_step(handle, 0, 0, 0, 0, 0, 0, 0, 1), what);
        Abi.Refused(Native.cn_constraint_apply(handle, 0), what);
        Expect.That(Abi.IsAccepted(Native.cn_op_destroy(handle), what) == nullIsAccepted, what);
        Expect.That(Abi.IsAccepted(Native.cn_buffer_destroy(handle), what) == nullIsAccepted, what);
        Expect.That(Abi.IsAccepted(Native.cn_feed_destroy(handle), what) == nullIsAccepted, what);
        Expect.That(Abi.IsAccepted(Native.cn_graph_destroy(handle), what) == nullIsAccepted, what);
        Expect.That(Abi.IsAccepted(Native.cn_context_destroy(handle), what) == nullIsAccepted, what);
    }

    private static void ExpectWrongKind(nint context, nint buffer, nint op)
    {
        Abi.Refused(Native.cn_context_destroy(op), "an op as a context");
        Abi.Refused(Native.cn_context_destroy(buffer), "a buffer as a context");
        Abi.Refused(Native.cn_buffer_destroy(context), "a context as a buffer");
        Abi.Refused(Native.cn_buffer_destroy(op), "an op as a buffer");
        Abi.Refused(Native.cn_op_destroy(buffer), "a buffer as an op");
        Abi.Refused(Native.cn_op_destroy(context), "a context as an op");
        Abi.Refused(Native.cn_buffer_address(op, out _), "an op as a buffer");
        Abi.Refused(Native.cn_buffer_create(op, 16, out _), "an op as a context");
    }

    private static void ExpectNullDescriptors(nint context)
    {
        Abi.Refused(Native.cn_context_create(in Unsafe.NullRef<cn_context_desc>(), out _), "no descriptor");
        Abi.Refused(Native.cn_context_get_info(context, ref Unsafe.NullRef<cn_context_info>()), "no place for the information");
        Abi.Refused(Native.cn_activation_create(context, in Unsafe.NullRef<cn_activation_desc>(), out _), "no descriptor");
        Abi.Refused(Native.cn_softmax_create(context, in Unsafe.NullRef<cn_softmax_desc>(), out _), "no descriptor");
        Abi.Refused(Native.cn_glu_create(context, in Unsafe.NullRef<cn_glu_desc>(), out _), "no descriptor");
        Abi.Refused(Native.cn_dropout_create(context, in Unsafe.NullRef<cn_dropout_desc>(), out _), "no descriptor");
        Abi.Refused(Native.cn_max_pooling2d_create(context, in Unsafe.NullRef<cn_max_pooling2d_desc>(), out _), "no descriptor");
        Abi.Refused(Native.cn_conv2d_create(context, in Unsafe.NullRef<cn_conv2d_desc>(), out _), "no descriptor");
        Abi.Refused(Native.cn_dense_create(context, in Unsafe.NullRef<cn_dense_desc>(), out _), "no descriptor");
        Abi.Refused(Native.cn_loss_create(context, in Unsafe.NullRef<cn_loss_desc>(), out _), "no descriptor");
        Abi.Refused(Native.cn_optimizer_create(context, in Unsafe.NullRef<cn_optimizer_desc>(), 0, 0, out _), "no descriptor");
        Abi.Refused(Native.cn_regularizer_create(context, in Unsafe.NullRef<cn_regularizer_desc>(), 0, out _), "no descriptor");
        Abi.Refused(Native.cn_constraint_create(context, in Unsafe.NullRef<cn_constraint_desc>(), 0, out _), "no descriptor");
        Abi.Refused(Native.cn_philox(0, 0, 0), "no counter");
    }

    private static unsafe void ExpectBounds(nint buffer)
    {
        byte* bytes = stackalloc byte[16];
        foreach ((long offset, long count) in ((long, long)[])
            [
                (-1, 1), (4096, 1), (4095, 2), (0, 4097), (0, -1), (long.MaxValue, 1), (long.MaxValue, long.MaxValue), (1, long.MaxValue),
                (long.MinValue, 16), (16, long.MinValue),
            ])
        {
            Abi.Refused(Native.cn_buffer_read(buffer, offset, (nint)bytes, count), $"{count} bytes at {offset}");
            Abi.Refused(Native.cn_buffer_write(buffer, offset, (nint)bytes, count), $"{count} bytes at {offset}");
            Abi.Refused(Native.cn_buffer_clear(buffer, offset, count), $"{count} bytes at {offset}");
        }

        Abi.Refused(Native.cn_buffer_read(buffer, 0, 0, 16), "no target");
        Abi.Refused(Native.cn_buffer_write(buffer, 0, 0, 16), "no source");
    }
}

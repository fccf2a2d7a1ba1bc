using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled.Misuse;

/// <summary>
/// Valid descriptors, changed at random: each is refused with a reason, or makes an op that runs on memory of the size it says. An op made
/// before goes on giving the same bits.
/// </summary>
internal static class MutatedDescriptors
{
    private const int Mutations = 30_000;
    private const int ContextLife = 600;

    public static void Run()
    {
        int[] outcomes = new int[3];
        for (int mutation = 0; mutation < Mutations;)
        {
            // A context keeps the largest scratch memory that any of its ops asked for, so each lives a while only.
            int life = mutation / ContextLife;
            nint context = Abi.Context(threads: 1 + life % 3, instructionSet: life);
            var witness = new Witness(context);
            for (int i = 0; i < ContextLife; i++, mutation++)
            {
                var random = new RandomWords((ulong)mutation);
                OpKind kind = OpKind.All[mutation % OpKind.All.Count];
                try
                {
                    outcomes[(int)kind.TryMutated(context, ref random)]++;
                }
                catch (Exception fault)
                {
                    throw new InvalidOperationException($"mutation {mutation}: {Trace.Last}", fault);
                }

                if (i % 50 == 0)
                    witness.Check();
            }

            witness.Dispose();
            Abi.Accepted(Native.cn_context_destroy(context));
        }

        Console.WriteLine($"{outcomes[0]} refused, {outcomes[1]} created, {outcomes[2]} run");
        Expect.That(outcomes[0] > Mutations / 4 && outcomes[2] > Mutations / 10, "mutations of both sorts, wrong ones and right ones");
    }

    /// <summary>A valid convolution that must not notice anything.</summary>
    private sealed class Witness : IDisposable
    {
        private const int Outputs = 2 * 4 * 7 * 5;

        private readonly GuardedMemory _memory = new();
        private readonly nint _op;
        private readonly float[] _expected;

        public Witness(nint context)
        {
            _op = OpKind.All[4].CreateValid(context);
            _expected = Run();
        }

        public void Check() => Expect.That(Run().AsSpan().SequenceEqual(_expected), "a valid op to give what it gave before");

        public void Dispose()
        {
            Abi.Accepted(Native.cn_op_destroy(_op));
            _memory.Dispose();
        }

        private unsafe float[] Run()
        {
            using var memory = new GuardedMemory();
            nint state = memory.Bytes(sizeof(cn_state)), y = memory.Floats(Outputs), x = memory.Floats(2 * 8 * 7 * 3);
            ((cn_state*)state)->rows = 2;
            foreach (ref float value in new Span<float>((void*)x, 2 * 8 * 7 * 3))
                value = (float)(Unsafe.ByteOffset(ref Unsafe.AsRef<float>((void*)x), ref value) % 97) / 97;
            Abi.Accepted(Native.cn_conv2d_forward(_op, state, x, memory.Floats(3 * 2 * 3 * 5), memory.Floats(5), y, 0, 0));
            return new Span<float>((void*)y, Outputs).ToArray();
        }
    }
}

using System.Runtime.CompilerServices;
using Compiled.Interop;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Batches gathered from a data set in device memory, over drawn shapes and orders, against plain indexing.</summary>
[NotSanitized(NotSanitizedAttribute.SingleOps)]
public sealed class GatherTests
{
    private const float Scale = 1 / 255f;

    /// <summary>That of C: its sign is not that of <see cref="float.NaN"/>.</summary>
    private static readonly float NaN = BitConverter.Int32BitsToSingle(0x7FC00000);

    private static readonly Gen<(int Samples, int Batch, int Rows, int Inputs, int Targets, int Position, uint Seed)> Cases =
        Draws(Gen.OneOf(Gen.Int[1, 9], Gen.OneOf(40, 300)), Gen.OneOf(Gen.Int[1, 20], Gen.OneOf(64, 5000)));

    private static readonly (cn_gather_input Input, cn_gather_target Target)[] AllKinds =
    [
        (cn_gather_input.CN_GATHER_INPUT_UINT8, cn_gather_target.CN_GATHER_TARGET_ONE_HOT),
        (cn_gather_input.CN_GATHER_INPUT_UINT8, cn_gather_target.CN_GATHER_TARGET_CLASS_ID),
        (cn_gather_input.CN_GATHER_INPUT_FLOAT32, cn_gather_target.CN_GATHER_TARGET_FLOAT32),
    ];

    public static TheoryData<cn_gather_input, cn_gather_target> Kinds => new(AllKinds);

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Two_batches_are_those_of_the_order(cn_gather_input input, cn_gather_target target) => Cases.Sample(
        drawn => LayerGolden.OnEachTarget((context, who) => Gather(context, who, input, target, drawn)), 40);

    [Fact]
    public void Small_batches_are_those_of_the_order() => Gen.Select(Gen.OneOf(AllKinds), Draws(Gen.Int[1, 30], Gen.Int[1, 70])).OnEachTarget(
        (context, who, drawn) => Gather(context, who, drawn.Item1.Input, drawn.Item1.Target, drawn.Item2));

    private static Gen<(int Samples, int Batch, int Rows, int Inputs, int Targets, int Position, uint Seed)> Draws(
        Gen<int> sizes, Gen<int> inputCounts) =>
        from samples in sizes
        from batch in Gen.Int[1, Math.Min(samples, 8)]
        from rows in Gen.Int[1, batch]
        from inputs in inputCounts
        from targets in Gen.Int[1, 6]
        from position in Gen.Int[0, samples - 1]
        from seed in Gen.UInt
        select (samples, batch, rows, inputs, targets, position, seed);

    private static void Gather(
        NativeContext context, string who, cn_gather_input input, cn_gather_target target,
        (int Samples, int Batch, int Rows, int Inputs, int Targets, int Position, uint Seed) drawn)
    {
        (int samples, int batch, int rows, int inputs, int targets, int position, uint seed) = drawn;
        uint Word(uint stream, int i) => Philox.Word(seed, stream, 0, (ulong)i);
        byte[] bytes = [.. Enumerable.Range(0, samples * inputs).Select(i => (byte)Word(1, i))];
        // Some numbers name no sample, some no class.
        int[] order = [.. Enumerable.Range(0, samples).Select(i => (int)(Word(2, i) % (uint)(samples + 1)) - (int)(Word(3, i) % 7 / 6))];
        int[] ids = [.. Enumerable.Range(0, samples * targets).Select(i => (int)(Word(4, i) % (uint)(targets + 2)) - 1)];
        float[] Input(int sample) => sample < 0 || sample >= samples
            ? [.. Enumerable.Repeat(NaN, inputs)]
            : [.. bytes.AsSpan(sample * inputs, inputs).ToArray().Select(value => value * Scale)];
        float[] Target(int sample)
        {
            bool known = sample >= 0 && sample < samples;
            return [.. Enumerable.Range(0, targets).Select(element => target switch
            {
                cn_gather_target.CN_GATHER_TARGET_ONE_HOT => known && ids[sample] == element ? 1f : 0f,
                cn_gather_target.CN_GATHER_TARGET_CLASS_ID =>
                    BitConverter.Int32BitsToSingle(known ? ids[(sample * targets) + element] : -1),
                _ => known ? ids[(sample * targets) + element] : NaN,
            })];
        }

        nint op = context.Op(Native.cn_gather_create, new cn_gather_desc
        {
            struct_size = (uint)Unsafe.SizeOf<cn_gather_desc>(),
            input = (int)input,
            batch = batch,
            samples = samples,
            input_count = inputs,
            target_count = targets,
            target = (int)target,
            scale = Scale,
        });
        context.SetState(rows);
        nint all = input == cn_gather_input.CN_GATHER_INPUT_UINT8
            ? context.Array<byte>(bytes) : context.Array<float>([.. bytes.Select(value => value * Scale)]);
        nint allTargets = target == cn_gather_target.CN_GATHER_TARGET_FLOAT32
            ? context.Array<float>([.. ids.Select(id => (float)id)]) : context.Array<int>(ids);
        nint cursor = context.Array<long>([position]), places = context.Array<int>(order);
        for (int round = 0; round < 2; round++)
        {
            nint x = context.Garbage(batch * inputs), t = context.Garbage(batch * targets);
            NativeContext.Check(Native.cn_gather_forward(op, context.State, all, allTargets, places, cursor, x, t));
            int[] read = [.. Enumerable.Range(0, rows).Select(i => order[(position + (round * rows) + i) % samples])];
            float[] rest = [.. Enumerable.Repeat(float.NaN, (batch - rows) * inputs)];
            Compare.Same($"{who} x", [.. read.SelectMany(Input), .. rest], context.Floats(x, batch * inputs));
            Compare.Same($"{who} t", [.. read.SelectMany(Target)], context.Floats(t, rows * targets));
        }
    }
}

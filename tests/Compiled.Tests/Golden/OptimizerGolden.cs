using System.Runtime.CompilerServices;
using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native ops on golden cases of optimizers: ten updates of two tensors. Gives the names of what it could not cover.</summary>
internal static class OptimizerGolden
{
    public static IEnumerable<string> Run(GoldenCase golden)
    {
        string name = golden.Text("optimizer");
        if (name is not ("sgd" or "momentum" or "nesterov" or "adam"))
            return [name];
        string[] demands = [.. golden.Demands("decay", "clipnorm", "clipvalue", "l1", "l2")];
        if (demands.Length > 0)
            return demands;
        for (int p = 0; golden.Has($"p{p}_before"); p++)
            RunTensor(golden, p);
        return [];
    }

    private static void RunTensor(GoldenCase golden, int p)
    {
        Tensor gradients = golden.Tensor($"g{p}"), expected = golden.Tensor($"p{p}");
        LayerGolden.OnEachTarget((context, who) => RunNative(golden, p, context, who, expected.Shape, gradients));
    }

    private static void RunNative(GoldenCase golden, int p, NativeContext context, string who, IReadOnlyList<int> shape, Tensor gradients)
    {
        int count = gradients.Count / shape[0];
        double momentum = golden.Number("momentum");
        bool adam = golden.Text("optimizer") == "adam";
        nint op = context.Op(Native.cn_optimizer_create, new cn_optimizer_desc
        {
            struct_size = (uint)Unsafe.SizeOf<cn_optimizer_desc>(),
            optimizer = (int)(adam ? cn_optimizer_kind.CN_OPTIMIZER_ADAM : cn_optimizer_kind.CN_OPTIMIZER_SGD),
            count = count,
            momentum = momentum,
            nesterov = golden.Flag("nesterov") ? 1 : 0,
            beta_1 = golden.Number("beta_1"),
            beta_2 = golden.Number("beta_2"),
            epsilon = golden.Number("epsilon"),
        });
        context.SetState(1, learningRate: golden.Number("learning_rate"));
        nint parameters = context.Array(golden.Tensor($"p{p}_before")), gradient = context.Array<float>(new float[count]);
        nint slot0 = adam || momentum > 0 ? context.Array<float>(new float[count]) : 0, slot1 = adam ? context.Array<float>(new float[count]) : 0;
        List<float> steps = [];
        for (int step = 0; step < golden.Whole("steps"); step++)
        {
            context.Write<float>(gradient, gradients.ToFloats().AsSpan(step * count, count));
            NativeContext.Check(Native.cn_optimizer_step(op, context.State, parameters, gradient, slot0, slot1, 1));
            steps.AddRange(context.Floats(parameters, count));
        }

        golden.Expect($"p{p}", [.. steps], who);
        if (adam)
        {
            golden.Expect($"m{p}_final", context.Floats(slot0, count), who);
            golden.Expect($"v{p}_final", context.Floats(slot1, count), who);
        }
        else if (slot0 != 0)
        {
            golden.Expect($"v{p}_final", context.Floats(slot0, count), who);
        }
    }

    public static Optimizer Optimizer(GoldenCase golden) => golden.Text("optimizer") == "adam"
        ? new Adam(golden.Number("learning_rate"), golden.Number("beta_1"), golden.Number("beta_2"), golden.Number("epsilon"))
        : new SGD(golden.Number("learning_rate"), golden.Number("momentum"), golden.Flag("nesterov"));
}

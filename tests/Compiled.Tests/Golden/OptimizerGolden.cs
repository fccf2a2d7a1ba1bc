using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native updates on golden cases of optimizers: ten updates of two tensors. Gives the names of what it could not cover.</summary>
internal static class OptimizerGolden
{
    public static IEnumerable<string> Run(GoldenCase golden)
    {
        if (golden.HasAttribute("clipnorm") && golden.HasAttribute("clipvalue"))
            return ["two ways to clip"];
        LayerGolden.OnEachTarget((context, who) => RunNative(golden, context, who));
        return [];
    }

    private static void RunNative(GoldenCase golden, NativeContext context, string who)
    {
        Tensor[] weights = [golden.Tensor("p0_before"), golden.Tensor("p1_before")], gradients = [golden.Tensor("g0"), golden.Tensor("g1")];
        Optimizer optimizer = Optimizer(golden);
        // The first of the two tensors has a regularizer.
        WeightRule[] rules = [new(golden.Number("l1"), golden.Number("l2")), WeightRule.None];
        var update = new NativeUpdate(context, optimizer, weights, rules);
        List<float>[] after = [[], []];
        for (int step = 0; step < golden.Whole("steps"); step++)
        {
            update.Step([.. gradients.Select(all => OfStep(all, step))]);
            for (int p = 0; p < weights.Length; p++)
                after[p].AddRange(update.Weight(weights[p], p));
        }

        for (int p = 0; p < weights.Length; p++)
        {
            golden.Expect($"p{p}", [.. after[p]], who);
            string[] names = SlotNames(optimizer);
            for (int slot = 0; slot < names.Length; slot++)
                golden.Expect($"{names[slot]}{p}_final", update.Slot(slot, weights[p], p), who);
        }
    }

    private static Tensor OfStep(Tensor all, int step)
    {
        int size = all.Count / all.Shape[0];
        return new Tensor([.. all.Shape.Skip(1)], all.Values[(step * size)..((step + 1) * size)]);
    }

    private static string[] SlotNames(Optimizer optimizer) => optimizer switch
    {
        SGD { Momentum: 0 } => [],
        SGD => ["v"],
        Adagrad or RMSprop => ["a"],
        Adadelta => ["a", "d"],
        Adam { Amsgrad: true } => ["m", "v", "vhat"],
        Adamax => ["m", "u"],
        _ => ["m", "v"],
    };

    public static Optimizer Optimizer(GoldenCase golden)
    {
        double epsilon = golden.Number("epsilon"), rho = golden.Number("rho");
        double beta1 = golden.Number("beta_1"), beta2 = golden.Number("beta_2");
        double? norm = Limit(golden, "clipnorm"), value = Limit(golden, "clipvalue");
        bool isGlobal = norm is not null && golden.Text("clipnorm_scope") == "global";
        double? tensorNorm = isGlobal ? null : norm, globalNorm = isGlobal ? norm : null;
        LearningRateSchedule rate = new InverseTimeDecay(golden.Number("learning_rate"), 1, golden.Number("decay"));
        return golden.Text("optimizer") switch
        {
            "sgd" or "momentum" or "nesterov" => new SGD(rate, golden.Number("momentum"), golden.Flag("nesterov"))
            { ClipValue = value, ClipNorm = tensorNorm, GlobalClipNorm = globalNorm },
            "adagrad" => new Adagrad(rate, golden.Number("initial_accumulator_value"), epsilon),
            "adadelta" => new Adadelta(rate, rho, epsilon),
            "rmsprop" => new RMSprop(rate, rho, epsilon: epsilon),
            "adam" => new Adam(rate, beta1, beta2, epsilon) { ClipValue = value, ClipNorm = tensorNorm, GlobalClipNorm = globalNorm },
            "amsgrad" => new Adam(rate, beta1, beta2, epsilon, amsgrad: true),
            "adamw" => new AdamW(rate, golden.Number("weight_decay"), beta1, beta2, epsilon, golden.Flag("amsgrad")),
            "adamax" => new Adamax(rate, beta1, beta2, epsilon),
            "nadam" => new Nadam(rate, beta1, beta2, epsilon, golden.Number("schedule_decay")),
            string name => throw new NotSupportedException(name),
        };
    }

    private static double? Limit(GoldenCase golden, string name) => golden.HasAttribute(name) ? golden.Number(name) : null;
}

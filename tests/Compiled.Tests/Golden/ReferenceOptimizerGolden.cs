using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The reference on golden cases of optimizers: ten updates of two tensors.</summary>
internal static class ReferenceOptimizerGolden
{
    public static void Run(GoldenCase golden)
    {
        Tensor[] weights = [golden.Tensor("p0_before"), golden.Tensor("p1_before")], gradients = [golden.Tensor("g0"), golden.Tensor("g1")];
        OptimizerRule[] rules = [.. weights.Select(weight => Rule(golden, weight.Count))];
        Updater updater = MakeUpdater(golden);
        updater.Add(weights[0], rules[0], new RegularizerRule(golden.Number("l1"), golden.Number("l2")));
        updater.Add(weights[1], rules[1]);
        List<double>[] after = [[], []];
        for (int step = 0; step < golden.Whole("steps"); step++)
        {
            updater.Step([.. gradients.Select(all => Part(all, step))]);
            for (int p = 0; p < weights.Length; p++)
                after[p].AddRange(weights[p].Values);
        }

        for (int p = 0; p < weights.Length; p++)
        {
            golden.Expect($"p{p}", after[p]);
            foreach ((string slot, double[] values) in rules[p].Slots)
                golden.Expect($"{slot}{p}_final", values);
        }
    }

    public static OptimizerRule Rule(GoldenCase golden, int count)
    {
        double rate = golden.Number("learning_rate"), epsilon = golden.Number("epsilon"), rho = golden.Number("rho");
        double beta1 = golden.Number("beta_1"), beta2 = golden.Number("beta_2");
        return golden.Text("optimizer") switch
        {
            "sgd" or "momentum" or "nesterov" => new SgdRule(rate, golden.Number("momentum"), golden.Flag("nesterov"), count),
            "adagrad" => new AdagradRule(rate, epsilon, count, golden.Number("initial_accumulator_value")),
            "adadelta" => new AdadeltaRule(rate, rho, epsilon, count),
            "rmsprop" => new RmsPropRule(rate, rho, epsilon, count),
            "adam" => new AdamRule(rate, beta1, beta2, epsilon, count),
            "amsgrad" => new AdamRule(rate, beta1, beta2, epsilon, count, amsGrad: true),
            "adamw" => new AdamRule(rate, beta1, beta2, epsilon, count, golden.Flag("amsgrad")),
            "adamax" => new AdamaxRule(rate, beta1, beta2, epsilon, count),
            "nadam" => new NadamRule(rate, beta1, beta2, epsilon, count, golden.Number("schedule_decay")),
            string name => throw new NotSupportedException(name),
        };
    }

    private static Tensor Part(Tensor all, int step)
    {
        int size = all.Count / all.Shape[0];
        return new Tensor([.. all.Shape.Skip(1)], all.Values[(step * size)..((step + 1) * size)]);
    }

    private static Updater MakeUpdater(GoldenCase golden)
    {
        double? norm = golden.HasAttribute("clipnorm") ? golden.Number("clipnorm") : null;
        double? value = golden.HasAttribute("clipvalue") ? golden.Number("clipvalue") : null;
        bool global = norm is not null && golden.Text("clipnorm_scope") == "global";
        return new Updater
        {
            Schedule = RateRules.InverseTimeDecay(golden.Number("learning_rate"), 1, golden.Number("decay")),
            Clipping = new ClippingRule(value, global ? null : norm, global ? norm : null),
            WeightDecay = golden.Number("weight_decay"),
        };
    }
}

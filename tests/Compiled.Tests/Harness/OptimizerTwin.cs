using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>What an optimizer is in the reference, and optimizers of every kind.</summary>
internal static class OptimizerTwin
{
    private static readonly (string Name, Func<Optimizer> Make)[] Cases =
    [
        ("SGD", () => new SGD(0.05)),
        ("SGD with momentum", () => new SGD(0.05, momentum: 0.9)),
        ("SGD with Nesterov's momentum", () => new SGD(0.05, momentum: 0.9, nesterov: true)),
        ("Adagrad", () => new Adagrad(0.02)),
        ("Adagrad that begins at 0.1", () => new Adagrad(0.02, initialAccumulatorValue: 0.1)),
        ("Adadelta", () => new Adadelta()),
        ("RMSprop", () => new RMSprop(0.005)),
        ("RMSprop with momentum", () => new RMSprop(0.005, momentum: 0.5)),
        ("RMSprop about the mean", () => new RMSprop(0.005, epsilon: 1e-3, centered: true)),
        ("RMSprop about the mean with momentum", () => new RMSprop(0.005, momentum: 0.5, epsilon: 1e-3, centered: true)),
        ("Adam", () => new Adam(0.01)),
        ("AMSGrad", () => new Adam(0.01, beta2: 0.6, amsgrad: true)),
        ("AdamW", () => new AdamW(0.01, weightDecay: 0.5)),
        ("Adamax", () => new Adamax(0.01)),
        ("Nadam", () => new Nadam(0.01)),
        ("Lion", () => new Lion(0.01)),
        ("Muon", () => new Muon(0.02)),
        ("Muon without Nesterov's momentum that decays weights", () => new Muon(0.02, momentum: 0.8, nesterov: false, iterations: 5) { WeightDecay = 0.5 }),
        ("Muon of clipped tensors with averages", () => new Muon(0.02) { ClipNorm = 0.05, UseEma = true, EmaMomentum = 0.8 }),
        ("Muon of clipped elements", () => new Muon(0.02, adamLearningRateRatio: 0.5) { ClipValue = 0.01 }),
        ("Muon of clipped gradients on a schedule", () => new Muon(new CosineDecay(0.001, 4, warmupTarget: 0.02, warmupSteps: 2)) { GlobalClipNorm = 0.1 }),
        ("SGD of clipped elements", () => new SGD(0.05) { ClipValue = 0.01 }),
        ("SGD of clipped tensors", () => new SGD(0.05, momentum: 0.9) { ClipNorm = 0.05 }),
        ("Adam of clipped gradients", () => new Adam(0.01, epsilon: 0.01) { GlobalClipNorm = 0.1 }),
        ("RMSprop that decays weights", () => new RMSprop(0.005) { WeightDecay = 2 }),
        ("Nadam with averages", () => new Nadam(0.01) { UseEma = true, EmaMomentum = 0.8 }),
        ("SGD with averages that overwrite", () => new SGD(0.05) { UseEma = true, EmaMomentum = 0.5, EmaOverwriteFrequency = 2 }),
        ("Adam on a schedule", () => new Adam(new CosineDecay(0.001, 4, warmupTarget: 0.02, warmupSteps: 2))),
    ];

    public static TheoryData<string> Names => new(AllNames);

    public static IReadOnlyList<string> AllNames { get; } = [.. Cases.Select(entry => entry.Name)];

    public static Optimizer Make(string name) => Cases.Single(entry => entry.Name == name).Make();

    /// <summary>An updater of these weights; what it gives back are their averages.</summary>
    public static (Updater Updater, MovingWeights[] Averages) Updater(Optimizer optimizer, params IReadOnlyList<Tensor> weights)
    {
        var updater = new Updater
        {
            Schedule = optimizer.Schedule is { } schedule ? schedule.RateAt : null,
            Clipping = new ClippingRule(optimizer.ClipValue, optimizer.ClipNorm, optimizer.GlobalClipNorm),
            WeightDecay = optimizer.WeightDecay,
        };
        MovingWeights[] averages = optimizer.UseEma
            ? [.. weights.Select(_ => new MovingWeights(optimizer.EmaMomentum, optimizer.EmaOverwriteFrequency))]
            : [];
        for (int i = 0; i < weights.Count; i++)
            updater.Add(
                weights[i], Rule(optimizer, weights[i].Shape), average: optimizer.UseEma ? averages[i] : null,
                rateRatio: optimizer is Muon muon && weights[i].Shape.Count == 1 ? muon.AdamLearningRateRatio : 1);
        return (updater, averages);
    }

    public static OptimizerRule Rule(Optimizer optimizer, IReadOnlyList<int> shape)
    {
        double rate = optimizer.LearningRate;
        int count = Tensor.Size(shape);
        return optimizer switch
        {
            SGD its => new SgdRule(rate, its.Momentum, its.Nesterov, count),
            Adagrad its => new AdagradRule(rate, its.Epsilon, count, its.InitialAccumulatorValue),
            Adadelta its => new AdadeltaRule(rate, its.Rho, its.Epsilon, count),
            RMSprop its => new RmsPropRule(rate, its.Rho, its.Epsilon, count, its.Momentum, its.Centered),
            Adam its => new AdamRule(rate, its.Beta1, its.Beta2, its.Epsilon, count, its.Amsgrad),
            Adamax its => new AdamaxRule(rate, its.Beta1, its.Beta2, its.Epsilon, count),
            Nadam its => new NadamRule(rate, its.Beta1, its.Beta2, its.Epsilon, count, its.ScheduleDecay),
            Lion its => new LionRule(rate, its.Beta1, its.Beta2, count),
            Muon its when shape.Count > 1 => new MuonRule(rate, shape, its.Momentum, its.Nesterov, its.Iterations),
            Muon its => new AdamRule(rate, its.Beta1, its.Beta2, its.Epsilon, count),
            _ => throw new NotSupportedException(optimizer.GetType().Name),
        };
    }
}

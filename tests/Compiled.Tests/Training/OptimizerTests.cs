using System.Reflection;

namespace Compiled.Tests;

/// <summary>Optimizers as objects: their defaults, their ranges, and whose state is whose. Their arithmetic has golden cases.</summary>
public sealed class OptimizerTests
{
    private static readonly float[] Inputs = Samples.Inputs(8, 1, 5);
    private static readonly int[] ClassIds = Samples.ClassIds(8, 1, 3);

    [Fact]
    public void Defaults_are_those_of_Keras()
    {
        var sgd = new SGD();
        Assert.Equal((0.01, 0.0, false), (sgd.LearningRate, sgd.Momentum, sgd.Nesterov));
        var adam = new Adam();
        Assert.Equal((0.001, 0.9, 0.999, 1e-7, false), (adam.LearningRate, adam.Beta1, adam.Beta2, adam.Epsilon, adam.Amsgrad));
        var adamW = new AdamW();
        Assert.Equal((0.001, 0.004, 0.9, 0.999), (adamW.LearningRate, adamW.WeightDecay, adamW.Beta1, adamW.Beta2));
        Assert.Equal((1e-7, false), (adamW.Epsilon, adamW.Amsgrad));
        var adagrad = new Adagrad();
        Assert.Equal((0.01, 0.0, 1e-7), (adagrad.LearningRate, adagrad.InitialAccumulatorValue, adagrad.Epsilon));
        var adadelta = new Adadelta();
        Assert.Equal((1.0, 0.95, 1e-7), (adadelta.LearningRate, adadelta.Rho, adadelta.Epsilon));
        var rmsprop = new RMSprop();
        Assert.Equal((0.001, 0.9, 0.0, 1e-7, false), (rmsprop.LearningRate, rmsprop.Rho, rmsprop.Momentum, rmsprop.Epsilon, rmsprop.Centered));
        var adamax = new Adamax();
        Assert.Equal((0.002, 0.9, 0.999, 1e-7), (adamax.LearningRate, adamax.Beta1, adamax.Beta2, adamax.Epsilon));
        var nadam = new Nadam();
        Assert.Equal((0.002, 0.9, 0.999, 1e-7, 0.004), (nadam.LearningRate, nadam.Beta1, nadam.Beta2, nadam.Epsilon, nadam.ScheduleDecay));
        var lion = new Lion();
        Assert.Equal((0.001, 0.9, 0.99), (lion.LearningRate, lion.Beta1, lion.Beta2));
        var muon = new Muon();
        Assert.Equal((0.001, 0.95, true, 6, 0.1), (muon.LearningRate, muon.Momentum, muon.Nesterov, muon.Iterations, muon.AdamLearningRateRatio));
        Assert.Equal((0.9, 0.999, 1e-7), (muon.Beta1, muon.Beta2, muon.Epsilon));
        Assert.Empty(muon.ExcludeLayers);
        Assert.Equal((0.0, null, null, null), (sgd.WeightDecay, sgd.ClipValue, sgd.ClipNorm, sgd.GlobalClipNorm));
        Assert.Equal((false, 0.99, null, null), (sgd.UseEma, sgd.EmaMomentum, sgd.EmaOverwriteFrequency, sgd.Schedule));
    }

    /// <summary>Both constructors of every optimizer take the same, in the same order and with the same defaults.</summary>
    [Fact]
    public void A_schedule_stands_where_a_rate_does()
    {
        Type[] types = [.. typeof(Optimizer).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Optimizer)))];
        Assert.Equal(10, types.Length);
        foreach (Type type in types)
        {
            ConstructorInfo[] both = type.GetConstructors();
            Assert.Equal([typeof(double), typeof(LearningRateSchedule)], both.Select(constructor => constructor.GetParameters()[0].ParameterType));
            Assert.All(both, constructor => Assert.Equal("learningRate", constructor.GetParameters()[0].Name));
            ParameterInfo[] rest = [.. both[0].GetParameters().Skip(1)];
            string[] Texts(IEnumerable<ParameterInfo> parameters) => [.. parameters.Select(parameter => $"{parameter} = {parameter.DefaultValue}")];
            Assert.Equal(Texts(rest), Texts(both[1].GetParameters().Skip(1)));
            object[] values = [.. rest.Select((parameter, i) => parameter.ParameterType == typeof(bool) ? true
                : parameter.ParameterType == typeof(int) ? i + 1 : (object)(0.01 * (i + 1)))];
            var number = (Optimizer)both[0].Invoke([0.25, .. values]);
            var schedule = (Optimizer)both[1].Invoke([new Constant(0.25), .. values]);
            Assert.Equal(number.Describe(10, 0), schedule.Describe(10, 0));
            Assert.Equal((0.25, 0.25), (number.LearningRate, schedule.LearningRate));
        }
    }

    [Fact]
    public void Gradients_are_clipped_in_one_way()
    {
        static void Conflict(string one, string other, Func<Optimizer> make)
        {
            string message = Assert.Throws<ArgumentException>(() => _ = make()).Message;
            Assert.StartsWith($"{one} cannot stand beside {other}: gradients are clipped in one way.", message, StringComparison.Ordinal);
        }

        Conflict("ClipNorm", "ClipValue", () => new SGD { ClipValue = 1, ClipNorm = 1 });
        Conflict("GlobalClipNorm", "ClipNorm", () => new Adam { ClipNorm = 1, GlobalClipNorm = 2 });
        Conflict("ClipValue", "GlobalClipNorm", () => new Lion { GlobalClipNorm = 1, ClipValue = 3 });
        Assert.Equal(1, new SGD { ClipValue = null, ClipNorm = 1, GlobalClipNorm = null }.ClipNorm);
    }

    [Fact]
    public void What_is_around_a_rule_has_ranges()
    {
        foreach (double limit in (double[])[0, -1, double.NaN, double.PositiveInfinity, 1e39, 1e-39])
        {
            Refused("ClipValue must be a number from", () => new SGD { ClipValue = limit });
            Refused("ClipNorm must be a number from", () => new SGD { ClipNorm = limit });
            Refused("GlobalClipNorm must be a number from", () => new SGD { GlobalClipNorm = limit });
        }

        foreach (double decay in (double[])[-1, double.NaN, double.PositiveInfinity, 1e39])
        {
            Refused("WeightDecay must be a number from 0", () => new SGD { WeightDecay = decay });
            Refused("weightDecay must be a number from 0", () => new AdamW(weightDecay: decay));
            Refused("initialAccumulatorValue must be a number from 0", () => new Adagrad(initialAccumulatorValue: decay));
            Refused("scheduleDecay must be a number from 0", () => new Nadam(scheduleDecay: decay));
            Refused("adamLearningRateRatio must be a number from 0", () => new Muon(adamLearningRateRatio: decay));
        }

        foreach (int iterations in (int[])[0, -1, 101])
            Refused("iterations must be from 1 to 100.", () => new Muon(iterations: iterations));

        Refused("EmaMomentum must be in [0, 1).", () => new SGD { EmaMomentum = 1 });
        Refused("EmaOverwriteFrequency must be at least 1.", () => new SGD { EmaOverwriteFrequency = 0 });
    }

    [Theory]
    [InlineData(-1e-9)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_learning_rate_is_a_finite_number_of_at_least_0(double rate)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SGD(rate));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Adam(rate));
        var optimizer = new SGD(0.5);
        var fault = Assert.Throws<ArgumentOutOfRangeException>(() => optimizer.LearningRate = rate);
        Assert.StartsWith("LearningRate must be a finite number of at least 0.", fault.Message, StringComparison.Ordinal);
        Assert.Equal(0.5, optimizer.LearningRate);
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.0001)]
    [InlineData(double.NaN)]
    public void Momentum_is_a_fraction(double momentum)
    {
        Refused("momentum must be in [0, 1].", () => new SGD(0.1, momentum));
        Refused("momentum must be in [0, 1].", () => new RMSprop(momentum: momentum));
        Refused("momentum must be in [0, 1].", () => new Muon(momentum: momentum));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1)]
    [InlineData(double.NaN)]
    public void Decays_are_below_1(double decay)
    {
        Refused("beta1 must be in [0, 1).", () => new Adam(beta1: decay));
        Refused("beta2 must be in [0, 1).", () => new Adam(beta2: decay));
        Refused("beta1 must be in [0, 1).", () => new AdamW(beta1: decay));
        Refused("beta1 must be in [0, 1).", () => new Adamax(beta1: decay));
        Refused("beta2 must be in [0, 1).", () => new Adamax(beta2: decay));
        Refused("beta1 must be in [0, 1).", () => new Nadam(beta1: decay));
        Refused("beta2 must be in [0, 1).", () => new Nadam(beta2: decay));
        Refused("beta1 must be in [0, 1).", () => new Lion(beta1: decay));
        Refused("beta2 must be in [0, 1).", () => new Lion(beta2: decay));
        Refused("beta1 must be in [0, 1).", () => new Muon(beta1: decay));
        Refused("beta2 must be in [0, 1).", () => new Muon(beta2: decay));
        Refused("rho must be in [0, 1).", () => new RMSprop(rho: decay));
        Refused("rho must be in [0, 1).", () => new Adadelta(rho: decay));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1e-7)]
    [InlineData(1e-39)]
    [InlineData(1e39)]
    [InlineData(double.NaN)]
    public void Epsilon_is_a_number_that_a_float_can_be(double epsilon)
    {
        foreach (Func<Optimizer> make in (Func<Optimizer>[])
            [
                () => new Adam(epsilon: epsilon), () => new AdamW(epsilon: epsilon), () => new Adamax(epsilon: epsilon),
                () => new Nadam(epsilon: epsilon), () => new RMSprop(epsilon: epsilon), () => new Adagrad(epsilon: epsilon),
                () => new Adadelta(epsilon: epsilon),
            ])
            Refused("epsilon must be a number from", make);
    }

    [Fact]
    public void Whatever_is_not_refused_trains()
    {
        Optimizer[] extremes =
        [
            new SGD(0), new SGD(0.1, momentum: 1), new SGD(0.1, momentum: 1, nesterov: true), new SGD(0.1, nesterov: true), new SGD(1e-300),
            new Adam(0, 0, 0, 1), new Adam(epsilon: float.MaxValue), new Adam(epsilon: 1.1754943508222875e-38),
            new Adam(1e-3, 0.9999999, 0.9999999), new Adam(amsgrad: true, beta2: 0), new AdamW(1e-3, weightDecay: 100),
            new Adagrad(epsilon: 1.1754943508222875e-38), new Adagrad(0.1, initialAccumulatorValue: float.MaxValue), new Adadelta(rho: 0),
            new RMSprop(rho: 0, momentum: 1, centered: true), new RMSprop(rho: 0, centered: true, epsilon: 1.1754943508222875e-38),
            new Adamax(beta1: 0, beta2: 0), new Nadam(beta1: 0, beta2: 0), new Nadam(beta1: 0.9999999, scheduleDecay: 0),
            new Nadam(scheduleDecay: float.MaxValue), new Lion(beta1: 0, beta2: 0), new Muon(momentum: 1, iterations: 1),
            new Muon(0.1, 0, false, 30, adamLearningRateRatio: 0, beta1: 0, beta2: 0), new SGD { ClipValue = 1.1754943508222875e-38 },
            new SGD { ClipNorm = float.MaxValue }, new SGD { GlobalClipNorm = 1.1754943508222875e-38 },
            new SGD { UseEma = true, EmaMomentum = 0, EmaOverwriteFrequency = 1 }, new SGD { EmaOverwriteFrequency = int.MaxValue, UseEma = true },
        ];
        foreach (Optimizer optimizer in extremes)
        {
            using var net = new ThreeClasses(batchSize: 8);
            net.TrainOnBatch(Inputs, ClassIds, optimizer);
            Assert.All(Samples.Weights(net), weight => Assert.True(float.IsFinite(weight)));
            Assert.Equal(1, net.Step);
        }
    }

    [Fact]
    public void A_changed_learning_rate_holds_from_the_next_step()
    {
        using var net = new ThreeClasses(batchSize: 8);
        var optimizer = new SGD(0.5);
        foreach (double rate in (double[])[0.5, 0.125, 0, 2])
        {
            optimizer.LearningRate = rate;
            float[] before = Samples.Weights(net);
            net.TrainOnBatch(Inputs, ClassIds, optimizer);
            // Powers of two: the products are exact, so each weight is one rounded difference.
            float[] expected = [.. before.Zip(net.Weights.SelectMany(weight => weight.Gradient.ToArray()), (w, g) => w - (float)rate * g)];
            Compare.Same($"weights at a rate of {rate}", expected, Samples.Weights(net));
        }
    }

    [Fact]
    public void Another_optimizer_begins_without_the_velocity_of_the_last()
    {
        using var net = new ThreeClasses(batchSize: 8);
        var first = new SGD(0.5, momentum: 0.5);
        var second = new SGD(0.5, momentum: 0.5);
        for (int step = 0; step < 3; step++)
            net.TrainOnBatch(Inputs, ClassIds, first);
        Assert.False(StepIsPlain(net, first));
        Assert.True(StepIsPlain(net, second));
        Assert.False(StepIsPlain(net, second));
        Assert.True(StepIsPlain(net, first));
    }

    [Fact]
    public void A_new_optimizer_counts_its_updates_from_one()
    {
        using var trained = new ThreeClasses(batchSize: 8);
        for (int step = 0; step < 100; step++)
            trained.TrainOnBatch(Inputs, ClassIds, new SGD(0.01));
        using var fresh = new ThreeClasses(batchSize: 8);
        for (int i = 0; i < trained.Weights.Count; i++)
            trained.Weights[i].Span.CopyTo(fresh.Weights[i].Span);
        Adam late = new(), early = new();
        for (int step = 0; step < 3; step++)
        {
            trained.TrainOnBatch(Inputs, ClassIds, late);
            fresh.TrainOnBatch(Inputs, ClassIds, early);
        }

        Compare.Same("weights", Samples.Weights(fresh), Samples.Weights(trained));
    }

    [Fact]
    public void Gradients_that_are_applied_make_the_step()
    {
        using var whole = new ThreeClasses(batchSize: 8);
        using var parts = new ThreeClasses(batchSize: 8);
        Adam its = new(), theirs = new();
        for (int step = 0; step < 5; step++)
        {
            whole.TrainOnBatch(Inputs, ClassIds, its);
            parts.ComputeGradients(Inputs, ClassIds);
            parts.ApplyGradients(theirs);
        }

        Assert.Equal(5, parts.Step);
        Compare.Same("weights", Samples.Weights(whole), Samples.Weights(parts));
    }

    [Fact]
    public void One_optimizer_serves_two_models_each_with_a_state_of_its_own()
    {
        using var alone = new ThreeClasses(batchSize: 8);
        using var shared = new ThreeClasses(batchSize: 8);
        using var other = new ThreeClasses(batchSize: 8, seed: 77);
        Adam optimizer = new(), its = new();
        for (int step = 0; step < 4; step++)
        {
            alone.TrainOnBatch(Inputs, ClassIds, its);
            shared.TrainOnBatch(Inputs, ClassIds, optimizer);
            other.TrainOnBatch(Inputs, ClassIds, optimizer);
        }

        Compare.Same("weights", Samples.Weights(alone), Samples.Weights(shared));
    }

    /// <summary>Whether a step at a rate of 0.5 takes half the gradient and nothing else from the weights.</summary>
    private static bool StepIsPlain(Model net, Optimizer optimizer)
    {
        float[] before = Samples.Weights(net);
        net.TrainOnBatch(Inputs, ClassIds, optimizer);
        IEnumerable<float> gradients = net.Weights.SelectMany(weight => weight.Gradient.ToArray());
        return before.Zip(gradients, (w, g) => w - 0.5f * g).SequenceEqual(Samples.Weights(net));
    }

    private static void Refused(string rule, Func<Optimizer> make)
    {
        var fault = Assert.Throws<ArgumentOutOfRangeException>(() => _ = make());
        Assert.StartsWith(rule, fault.Message, StringComparison.Ordinal);
    }
}

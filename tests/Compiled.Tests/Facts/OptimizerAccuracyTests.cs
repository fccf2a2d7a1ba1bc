using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The model with which Keras tests its optimizers.</summary>
[Model]
[Input(10)]
[Dense(10), ReLU]
[Dense(2), Softmax, CategoricalCrossentropy]
public sealed partial class TwoClouds;

/// <summary>Every optimizer learns at the rate that it has by default: after three epochs the model tells two clouds of points apart.</summary>
public sealed class OptimizerAccuracyTests
{
    private const int Count = 1000;

    /// <summary>In each coordinate one cloud is around 0, the other around 1.</summary>
    private static ArrayDataset Clouds
    {
        get
        {
            int[] ids = Samples.ClassIds(Count, 1, 2);
            float[] points = new float[Count * 10];
            for (int i = 0; i < points.Length; i++)
                points[i] = (float)(ids[i / 10] + (0.7 * Noise.Normal(i, element => Philox.Word(1, 0xF000, 0, (ulong)element))));
            return new ArrayDataset(points, [10], ids, classCount: 2);
        }
    }

    [Theory]
    [InlineData("SGD")]
    [InlineData("RMSprop")]
    [InlineData("Adagrad")]
    [InlineData("Adadelta", 0.6)]
    [InlineData("Adam")]
    [InlineData("AMSGrad")]
    [InlineData("AdamW")]
    [InlineData("Adamax")]
    [InlineData("Nadam")]
    [InlineData("Lion")]
    [InlineData("Muon")]
    public void Two_clouds_are_told_apart(string name, double least = 0.75)
    {
        Optimizer[] both = [Make(name, rate => new Constant(rate)), Make(name, rate => new InverseTimeDecay(rate, 1, 1e-3))];
        foreach (Optimizer optimizer in both)
        {
            using var net = new TwoClouds(batchSize: 16, seed: 1);
            double accuracy = net.Fit(Clouds, optimizer, epochs: 3)["accuracy"][^1];
            Assert.True(accuracy >= least, $"{name}, {optimizer.Schedule!.GetType().Name}: the accuracy is {accuracy}");
        }
    }

    private static Optimizer Make(string name, Func<double, LearningRateSchedule> schedule) => name switch
    {
        "SGD" => new SGD(schedule(0.01), momentum: 0.9, nesterov: true),
        "RMSprop" => new RMSprop(schedule(0.001)),
        "Adagrad" => new Adagrad(schedule(0.01)),
        "Adadelta" => new Adadelta(schedule(1)),
        "Adam" => new Adam(schedule(0.001)),
        "AMSGrad" => new Adam(schedule(0.001), amsgrad: true),
        "AdamW" => new AdamW(schedule(0.001)),
        "Adamax" => new Adamax(schedule(0.002)),
        "Nadam" => new Nadam(schedule(0.002)),
        "Lion" => new Lion(schedule(0.001)),
        _ => new Muon(schedule(0.001)),
    };
}

using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Slopes of penalties, by finite differences.</summary>
public sealed class RegularizerGradientTests
{
    [Theory]
    [InlineData(0.3, 0)]
    [InlineData(0, 0.7)]
    [InlineData(0.3, 0.7)]
    public void Penalty(double l1, double l2)
    {
        var rule = new RegularizerRule(l1, l2);
        Tensor weight = Draw.Reals(1, 4, 5);
        FiniteDifference.Expect(() => rule.Penalty(weight), weight, rule.Gradient(weight, new Tensor([4, 5])));
        FiniteDifference.Expect(() => rule.OfOutput(weight).Penalty, weight, rule.OfOutput(weight).Gradient);
    }

    /// <summary>Of a whole model, through what stands before and behind.</summary>
    [Fact]
    public void A_model_with_penalties()
    {
        var network = new Network(
            [5],
            [
                new DenseLayer(4) { Kernel = new(L1: 0.1, L2: 0.2), Bias = new(L2: 0.3) }, new ActivationLayer("tanh"),
                new ActivityRegularizationLayer(0.2, 0.4), new DenseLayer(3) { Trainable = false, Kernel = new(L2: 5) },
                new ActivityRegularizationLayer(L2: 0.3), new DenseLayer(2),
            ],
            "mean_squared_error");
        TrialData data = TrialData.Of(network, rows: 3, seed: 2);
        var model = new ReferenceModel(network, data.Weights, (_, _, _) => 0);
        IReadOnlyList<Tensor> gradients = model.Differentiate(data.Inputs, data.Targets).Gradients;
        for (int i = 0; i < gradients.Count; i++)
        {
            if (gradients[i].Count > 0)
                FiniteDifference.Expect(() => model.Test(data.Inputs, data.Targets), data.Weights[i], gradients[i]);
        }
    }
}

using Compiled.Reference;
using Xunit.Sdk;

namespace Compiled.Tests;

/// <summary>What a network gives on a batch: its prediction, its loss, and a few steps of training with dropout on.</summary>
/// <param name="Prediction">The predictions before the first step.</param>
/// <param name="TestLoss">The loss of prediction.</param>
/// <param name="Steps">The steps.</param>
internal sealed record Trajectory(double[] Prediction, double TestLoss, IReadOnlyList<Trajectory.Step> Steps)
{
    private const int StepCount = 3;
    private const double LearningRate = 0.02;
    private const double Momentum = 0.9;
    private const ulong Seed = 0x1234_5678_9ABC_DEF0;

    /// <summary>A step of training.</summary>
    /// <param name="Loss">The loss before the update.</param>
    /// <param name="Gradients">The gradient of each weight; empty of those that training does not change.</param>
    /// <param name="Weights">The weights after the update.</param>
    public sealed record Step(double Loss, double[][] Gradients, double[][] Weights);

    /// <summary>That of the reference; the margin says how safe its decisions are from rounding.</summary>
    public static (Trajectory Trajectory, double Margin) OfReference(Network network, TrialData data, bool wobbles = false)
    {
        Tensor[] weights = [.. data.Weights.Select(weight => weight.Map(value => value))];
        OptimizerRule[] rules = [.. weights.Select(weight => new SgdRule(LearningRate, Momentum, nesterov: false, weight.Count))];
        uint Word(int dropout, int update, int element) => Philox.Word(Seed, (uint)dropout, (ulong)update, (ulong)element);
        var model = new ReferenceModel(network, weights, Word) { Wobbles = wobbles };
        Tensor prediction = model.Predict(data.Inputs);
        double testLoss = model.Test(data.Inputs, data.Targets);
        List<Step> steps = [];
        for (int step = 0; step < StepCount; step++)
        {
            (double loss, IReadOnlyList<Tensor> gradients) = model.Differentiate(data.Inputs, data.Targets);
            model.Train(data.Inputs, data.Targets, rules);
            steps.Add(new Step(
                loss, [.. gradients.Select(gradient => gradient.Values)], [.. weights.Select(weight => weight.Values.ToArray())]));
        }

        return (new Trajectory(prediction.Values, testLoss, steps), model.Margin);
    }

    /// <summary>That of a model, which has room for more samples than the batch has.</summary>
    public static Trajectory OfModel(Type type, Device device, int batchSize, TrialData data)
    {
        using Model model = ModelCompiler.Create(type, device, batchSize, Seed);
        Poison(model);
        Assert.Equal(data.Weights.Select(weight => weight.Shape), model.Weights.Select(weight => weight.Shape));
        for (int i = 0; i < data.Weights.Count; i++)
            data.Weights[i].ToFloats().CopyTo(model.Weights[i].Span);

        float[] inputs = data.Inputs.ToFloats();
        float[] prediction = new float[data.Inputs.Shape[0] * Tensor.Size(model.Plan.OutputShape)];
        model.PredictOnBatch(inputs, prediction);
        BatchResult test = Call(model, data.Targets, floats => model.TestOnBatch(inputs, floats), ids => model.TestOnBatch(inputs, ids));
        var optimizer = new SGD(LearningRate, Momentum);
        List<Step> steps = [];
        for (int step = 0; step < StepCount; step++)
        {
            BatchResult alone = Call(
                model, data.Targets, floats => model.ComputeGradients(inputs, floats), ids => model.ComputeGradients(inputs, ids));
            model.Step--; // The training that follows is the same step, with the same masks.
            double[][] gradients = [.. model.Weights.Select(Gradient)];
            BatchResult result = Call(
                model, data.Targets,
                floats => model.TrainOnBatch(inputs, floats, optimizer), ids => model.TrainOnBatch(inputs, ids, optimizer));
            Assert.Equal(alone, result);
            for (int i = 0; i < gradients.Length; i++)
            {
                double[] again = Gradient(model.Weights[i]);
                Assert.True(gradients[i].AsSpan().SequenceEqual(again), "training has other gradients than ComputeGradients");
            }

            steps.Add(new Step(result.Loss, gradients, [.. model.Weights.Select(weight => Compare.Widen(weight.Span))]));
        }

        return new Trajectory(Compare.Widen(prediction), test.Loss, steps);
    }

    private IEnumerable<(string What, double[] Values)> Parts()
    {
        yield return ("prediction", Prediction);
        yield return ("test loss", [TestLoss]);
        for (int step = 0; step < Steps.Count; step++)
        {
            yield return ($"loss of step {step + 1}", [Steps[step].Loss]);
            for (int i = 0; i < Steps[step].Gradients.Length; i++)
            {
                yield return ($"gradient {i} of step {step + 1}", Steps[step].Gradients[i]);
                yield return ($"weight {i} after step {step + 1}", Steps[step].Weights[i]);
            }
        }
    }

    /// <summary>Requires what a target promises of two ways to compute the same: the same numbers, or nearly so.</summary>
    public void RequireSame(Trajectory expected, Target target)
    {
        if (target.FusesExactly)
            RequireSame(expected);
        else
            RequireClose(expected, 1e-5);
    }

    /// <summary>The largest difference, in parts of the largest number of the other one, or of 1.</summary>
    public double Distance(Trajectory other)
    {
        double largest = Math.Max(1, other.Parts().SelectMany(part => part.Values).Max(Math.Abs));
        return Parts().Zip(other.Parts()).Max(
            pair => pair.First.Values.Zip(pair.Second.Values, (a, b) => Math.Abs(a - b)).DefaultIfEmpty(0).Max()) / largest;
    }

    /// <summary>Requires the same numbers everywhere.</summary>
    public void RequireSame(Trajectory expected) => RequireWithin(expected, 0);

    /// <summary>Requires each number to be as near as <paramref name="limit"/> parts of the largest one of all, or of 1.</summary>
    public void RequireClose(Trajectory expected, double limit) =>
        RequireWithin(expected, limit * Math.Max(1, expected.Parts().SelectMany(part => part.Values).Max(Math.Abs)));

    private void RequireWithin(Trajectory expected, double limit)
    {
        foreach (((string what, double[] right), (_, double[] left)) in expected.Parts().Zip(Parts()))
        {
            Assert.Equal(right.Length, left.Length);
            for (int i = 0; i < right.Length; i++)
            {
                // Written so that NaN fails.
                if (!(Math.Abs(left[i] - right[i]) <= limit))
                {
                    throw new XunitException(
                        $"{what}: element {i} of {right.Length} is {left[i]:G9} instead of {right[i]:G9}; the limit is {limit:G3}");
                }
            }
        }
    }

    /// <summary>
    /// Fills all of the arena with NaN, by a full batch of them. Whatever a later pass reads without having written it, or beyond its rows,
    /// shows.
    /// </summary>
    private static void Poison(Model model)
    {
        float[] inputs = new float[model.BatchSize * Tensor.Size(model.Plan.InputShape)];
        Array.Fill(inputs, float.NaN);
        Tensor targets = new([model.BatchSize, .. model.Plan.TargetShape]);
        Call(model, targets, floats => model.ComputeGradients(inputs, floats), ids => model.ComputeGradients(inputs, ids));
        model.Step = 0;
        model.PredictOnBatch(inputs, new float[model.BatchSize * Tensor.Size(model.Plan.OutputShape)]);
    }

    private static double[] Gradient(Weight weight) => weight.Trainable ? Compare.Widen(weight.Gradient) : [];

    private static BatchResult Call(Model model, Tensor targets, Func<float[], BatchResult> ofFloats, Func<int[], BatchResult> ofIds) =>
        model.Plan.Target == TargetKind.ClassId ? ofIds([.. targets.Values.Select(id => (int)id)]) : ofFloats(targets.ToFloats());
}

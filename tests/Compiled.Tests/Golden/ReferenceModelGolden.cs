using System.Text.Json;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The reference on golden cases of whole networks.</summary>
internal static class ReferenceModelGolden
{
    private static readonly Window2D Same3x3 = new(3, 3, 1, 1, Same: true);

    public static void Train(GoldenCase golden)
    {
        Assert.Equal("off", golden.Text("dropout"));
        Assert.False(golden.Flag("from_logits"));
        Network network = WholeModelGolden.Read(golden, out string? unknown);
        Assert.Null(unknown);
        string[] names =
            [.. network.Layers.OfType<WeightedLayer>().SelectMany(layer => (string[])[$"{layer.Name}.kernel", $"{layer.Name}.bias"])];
        Tensor[] weights = [.. names.Select(name => golden.Tensor("before." + name))];
        OptimizerRule[] rules = [.. weights.Select(weight => ReferenceOptimizerGolden.Rule(golden, weight.Count))];
        Tensor Inputs(int step) => WholeModelGolden.Batch(golden, "x_batches", step);
        Tensor Targets(int step) => WholeModelGolden.Batch(golden, "y_batches", step);
        var model = new ReferenceModel(network, weights, (_, _, _) => 0);
        golden.Expect("probabilities_step0", model.Predict(Inputs(0)));
        (_, IReadOnlyList<Tensor> gradients) = model.Differentiate(Inputs(0), Targets(0));
        double[] losses = [.. Enumerable.Range(0, golden.Whole("steps")).Select(step => model.Train(Inputs(step), Targets(step), rules))];
        golden.Expect("losses", losses);
        for (int i = 0; i < names.Length; i++)
        {
            golden.Expect("grad0." + names[i], gradients[i]);
            golden.Expect("after." + names[i], weights[i]);
        }
    }

    public static void Differentiate(GoldenCase golden)
    {
        var tape = new Tape();
        Dictionary<string, Node> nodes =
            golden.TensorNames.Where(name => golden.Has("grad." + name))
            .ToDictionary(name => name, name => Tape.Input(golden.Tensor(name)));
        Node y = golden.HasAttribute("bn") ? Residual(golden, tape, nodes) : UNet(golden, tape, nodes);
        (double[] values, Tensor gradient) = Losses.Evaluate(golden.Text("loss"), golden.Tensor("y_true"), y.Value, fromLogits: false);
        tape.Backward(y, gradient);
        golden.Expect("y_pred", y.Value);
        golden.Expect("loss", Losses.Mean(values));
        foreach ((string name, Node node) in nodes)
            golden.Expect("grad." + name, node.Gradient);
    }

    // z = relu(bn1(conv1(x))); r = bn2(conv2(z)); h = relu(r + shortcut(x)); y = softmax(dense(global_average_pool(h))).
    private static Node Residual(GoldenCase golden, Tape tape, Dictionary<string, Node> nodes)
    {
        JsonElement attributes = golden.Attribute("bn");
        Assert.False(golden.Flag("conv_use_bias"));
        int stride = golden.Pair("strides_of_conv1_and_shortcut")[0];
        Node Normalize(Node x, string name)
        {
            double momentum = attributes.GetProperty("momentum").GetDouble(), epsilon = attributes.GetProperty("epsilon").GetDouble();
            Node y = tape.Normalize(x, nodes[name + ".gamma"], nodes[name + ".beta"], epsilon, out Tensor mean, out Tensor variance);
            Tensor Move(string before, Tensor batch) =>
                BatchNormalization.Move(batch.Map(_ => attributes.GetProperty(before).GetDouble()), batch, momentum);
            golden.Expect(name + ".moving_mean", Move("moving_mean_before", mean));
            golden.Expect(name + ".moving_variance", Move("moving_variance_before", variance));
            return y;
        }

        Node x = nodes["x"];
        Window2D strided = Same3x3 with { StrideHeight = stride, StrideWidth = stride };
        Node z = Relu(tape, Normalize(tape.Convolve(x, nodes["conv1.kernel"], null, strided), "bn1"));
        Node r = Normalize(tape.Convolve(z, nodes["conv2.kernel"], null, Same3x3), "bn2");
        Node shortcut = x;
        if (nodes.TryGetValue("shortcut.kernel", out Node? kernel))
            shortcut = tape.Convolve(x, kernel, null, strided with { Height = 1, Width = 1 });
        Node h = Relu(tape, tape.Add(r, shortcut));
        Node logits = tape.Dense(tape.GlobalAveragePool(h), nodes["dense.kernel"], nodes["dense.bias"]);
        return tape.Activate(logits, new ActivationRule("softmax"));
    }

    // a = relu(enc(x)); m = relu(mid(max_pool(a))); d = relu(dec([upsample(m), a])); y = sigmoid(out(d)).
    private static Node UNet(GoldenCase golden, Tape tape, Dictionary<string, Node> nodes)
    {
        Node Convolve(Node x, string name, Window2D window) => tape.Convolve(x, nodes[name + ".kernel"], nodes[name + ".bias"], window);
        Assert.Equal("upsampled", golden.Attribute("concatenate_order")[0].GetString());
        Node a = Relu(tape, Convolve(nodes["x"], "enc", Same3x3));
        Node m = Relu(tape, Convolve(tape.Pool(a, new Window2D(2, 2, 2, 2, Same: false)), "mid", Same3x3));
        Node d = Relu(tape, Convolve(tape.Concatenate(-1, tape.Enlarge(m, new UpSampling(2, 2)), a), "dec", Same3x3));
        return tape.Activate(Convolve(d, "out", new Window2D(1, 1, 1, 1, Same: true)), new ActivationRule("sigmoid"));
    }

    private static Node Relu(Tape tape, Node x) => tape.Activate(x, new ActivationRule("relu"));
}

using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>
/// Golden cases of networks that branch: each becomes a declaration, is compiled with the generator, and gives the prediction, the loss and
/// the gradients of the file: fused and unfused, on one thread and two, on every target.
/// </summary>
internal static class BranchedModelGolden
{
    private static readonly Window2D Same3 = new(3, 3, 1, 1, Same: true);
    private static readonly ActivationLayer ReLU = new("relu");

    public static IEnumerable<string> Differentiate(GoldenCase golden)
    {
        string loss = golden.Text("loss");
        if (!LossKernels.Knows(loss))
            return [loss];
        Network network = golden.HasAttribute("bn") ? Residual(golden, loss) : UNet(golden, loss);
        (Type fused, Type unfused) = ModelCompiler.Compile(network);
        foreach (Target target in Target.Scheduled)
        {
            foreach (int threads in target.ThreadCounts(1, 2))
            {
                using var device = target.MakeDevice(threads);
                Differentiate(golden, fused, device);
                Differentiate(golden, unfused, device);
            }
        }

        return [];
    }

    private static void Differentiate(GoldenCase golden, Type type, Device device)
    {
        string who = $"{type.Name} on {device}";
        using Model model = ModelCompiler.Create(type, device, golden.Tensor("x").Shape[0]);
        static string Name(Weight weight) => weight.Name.Replace('/', '.');
        foreach (Weight weight in model.Weights.Where(weight => weight.Trainable))
            golden.Tensor(Name(weight)).ToFloats().CopyTo(weight.Span);

        // Training, as the case does: its normalizations take the statistics of the batch.
        BatchResult result = model.ComputeGradients(golden.Tensor("x").ToFloats(), golden.Tensor("y_true").ToFloats());
        golden.Expect("loss", [(float)result.Loss], who);
        foreach (Weight weight in model.Weights)
        {
            if (weight.Trainable)
                golden.Expect("grad." + Name(weight), weight.Gradient, who);
            else
                golden.Expect(Name(weight), weight.Span, who);
        }
    }

    // z = relu(bn1(conv1(x))); r = bn2(conv2(z)); h = relu(r + shortcut(x)); y = softmax(dense(global_average_pool(h))).
    private static Network Residual(GoldenCase golden, string loss)
    {
        var attributes = golden.Attribute("bn");
        // Models begin with these.
        Assert.Equal(0, attributes.GetProperty("moving_mean_before").GetDouble());
        Assert.Equal(1, attributes.GetProperty("moving_variance_before").GetDouble());
        int stride = golden.Pair("strides_of_conv1_and_shortcut")[0], filters = golden.Tensor("conv1.kernel").Last;
        Window2D strided = Same3 with { StrideHeight = stride, StrideWidth = stride };
        BatchNormalizationLayer Normalization(string name) =>
            new(attributes.GetProperty("momentum").GetDouble(), attributes.GetProperty("epsilon").GetDouble()) { Name = name };
        bool isProjected = golden.Has("shortcut.kernel");
        Layer[] shortcut = isProjected
            ? [new Conv2DLayer(filters, strided with { Height = 1, Width = 1 }, UseBias: false) { Name = "shortcut", From = 0 }] : [];
        return new Network(
            [.. golden.Tensor("x").Shape.Skip(1)],
            [
                .. shortcut,
                new Conv2DLayer(filters, strided, UseBias: false) { Name = "conv1", From = isProjected ? 0 : null }, Normalization("bn1"), ReLU,
                new Conv2DLayer(filters, Same3, UseBias: false) { Name = "conv2" }, Normalization("bn2"),
                new AddLayer { Others = [shortcut.Length] }, ReLU,
                new GlobalPooling2DLayer(IsMax: false, KeepDims: false),
                new DenseLayer(golden.Tensor("dense.bias").Count) { Name = "dense" }, new ActivationLayer("softmax"),
            ],
            loss);
    }

    // a = relu(enc(x)); m = relu(mid(max_pool(a))); d = relu(dec([upsample(m), a])); y = sigmoid(out(d)).
    private static Network UNet(GoldenCase golden, string loss)
    {
        Assert.Equal("upsampled", golden.Attribute("concatenate_order")[0].GetString());
        Conv2DLayer Convolution(string name, Window2D window) => new(golden.Tensor(name + ".bias").Count, window) { Name = name };
        return new Network(
            [.. golden.Tensor("x").Shape.Skip(1)],
            [
                Convolution("enc", Same3), ReLU, new MaxPooling2DLayer(new Window2D(2, 2, 2, 2, Same: false)),
                Convolution("mid", Same3), ReLU, new UpSampling2DLayer(2, 2, Bilinear: false), new ConcatenateLayer { Others = [2] },
                Convolution("dec", Same3), ReLU, Convolution("out", new Window2D(1, 1, 1, 1, Same: true)), new ActivationLayer("sigmoid"),
            ],
            loss);
    }
}

using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The reference on golden cases of single layers.</summary>
internal static class ReferenceLayerGolden
{
    public static void Activation(GoldenCase golden)
    {
        ActivationRule rule = Rule(golden);
        Tensor x = golden.Tensor("x");
        golden.Expect("y", rule.Forward(x));
        golden.Expect("dx", rule.Backward(x, golden.Tensor("dy")));
        if (rule == new ActivationRule(rule.Name) && Activations.Knows(rule.Name))
            golden.Expect("dx", Activations.Backward(rule.Name, Activations.Forward(rule.Name, x), golden.Tensor("dy")));
    }

    /// <summary>The activation that a case is of.</summary>
    public static ActivationRule Rule(GoldenCase golden)
    {
        string name = golden.Text("activation");
        Assert.Equal(-1, golden.Number("axis", absent: -1));
        return new ActivationRule(
            name == "gelu_erf" ? "gelu" : name,
            golden.HasAttribute("alpha") ? golden.Number("alpha") : null,
            golden.Number("max_value", absent: double.PositiveInfinity),
            golden.Number("threshold"));
    }

    public static void Add(GoldenCase golden)
    {
        Tensor[] inputs = Inputs(golden);
        golden.Expect("y", Joins.Add(inputs));
        for (int i = 0; i < inputs.Length; i++)
            golden.Expect($"dx{i}", golden.Tensor("dy"));
    }

    public static void AveragePooling2D(GoldenCase golden)
    {
        Window2D window = golden.Window("pool_size");
        ExpectOp(golden, x => AveragePooling.Forward(x, window), (x, dy) => AveragePooling.Backward(x, dy, window));
    }

    public static void BatchNormalization(GoldenCase golden)
    {
        (Tensor x, Tensor gamma, Tensor beta, Tensor dy) =
            (golden.Tensor("x"), golden.Tensor("gamma"), golden.Tensor("beta"), golden.Tensor("dy"));
        double epsilon = golden.Number("epsilon"), momentum = golden.Number("momentum");
        Assert.Equal(-1, golden.Whole("axis"));
        if (!golden.Flag("training"))
        {
            (Tensor moving, Tensor spread) = (golden.Tensor("moving_mean"), golden.Tensor("moving_variance"));
            golden.Expect("y", Compiled.Reference.BatchNormalization.Infer(x, gamma, beta, moving, spread, epsilon));
            ExpectGradients(golden, Compiled.Reference.BatchNormalization.InferBackward(x, gamma, moving, spread, dy, epsilon));
            return;
        }

        (Tensor y, Tensor mean, Tensor variance) = Compiled.Reference.BatchNormalization.Train(x, gamma, beta, epsilon);
        golden.Expect("y", y);
        golden.Expect("batch_mean", mean);
        golden.Expect("batch_variance", variance);
        golden.Expect("moving_mean", Compiled.Reference.BatchNormalization.Move(golden.Tensor("moving_mean_before"), mean, momentum));
        golden.Expect(
            "moving_variance", Compiled.Reference.BatchNormalization.Move(golden.Tensor("moving_variance_before"), variance, momentum));
        ExpectGradients(golden, Compiled.Reference.BatchNormalization.TrainBackward(x, gamma, dy, epsilon));
    }

    public static void Concatenate(GoldenCase golden)
    {
        Tensor[] inputs = Inputs(golden);
        int axis = golden.Whole("axis");
        golden.Expect("y", Joins.Concatenate(axis, inputs));
        IReadOnlyList<Tensor> gradients = Joins.ConcatenateBackward(axis, golden.Tensor("dy"), [.. inputs.Select(x => x.Shape)]);
        for (int i = 0; i < inputs.Length; i++)
            golden.Expect($"dx{i}", gradients[i]);
    }

    public static void Conv2D(GoldenCase golden)
    {
        (Tensor x, Tensor kernel) = (golden.Tensor("x"), golden.Tensor("w"));
        Tensor? bias = golden.Flag("use_bias") ? golden.Tensor("b") : null;
        Window2D window = golden.Window("kernel_size");
        Assert.Equal((golden.Whole("pad_top"), golden.Whole("pad_left")), (window.PadTop(x.Shape[1]), window.PadLeft(x.Shape[2])));
        golden.Expect("y", Convolution.Forward(x, kernel, bias, window));
        ExpectGradients(golden, bias, Convolution.Backward(x, kernel, golden.Tensor("dy"), window));
    }

    public static void Cropping2D(GoldenCase golden)
    {
        Margins margins = golden.Margins("cropping");
        ExpectOp(golden, margins.Crop, (_, dy) => margins.CropBackward(dy));
    }

    public static void Dense(GoldenCase golden)
    {
        (Tensor x, Tensor kernel) = (golden.Tensor("x"), golden.Tensor("w"));
        Tensor? bias = golden.Flag("use_bias") ? golden.Tensor("b") : null;
        golden.Expect("y", FullyConnected.Forward(x, kernel, bias));
        ExpectGradients(golden, bias, FullyConnected.Backward(x, kernel, golden.Tensor("dy")));
    }

    public static void Dropout(GoldenCase golden)
    {
        Assert.True(golden.Flag("training"));
        bool[] kept = [.. golden.Tensor("mask").Values.Select(value => value != 0)];
        double rate = golden.Number("rate");
        ExpectOp(golden, x => Masks.Apply(x, kept, rate), (_, dy) => Masks.Apply(dy, kept, rate));
    }

    public static void Flatten(GoldenCase golden)
    {
        ExpectOp(golden, Reshaping.Flatten, Reshaping.Backward);
        Assert.Equal(golden.Tensor("y").Shape.Skip(1), new FlattenLayer().Infer([.. golden.Tensor("x").Shape.Skip(1)]));
    }

    public static void GlobalAveragePooling2D(GoldenCase golden) =>
        ExpectOp(golden, GlobalPooling.AverageForward, GlobalPooling.AverageBackward);

    public static void GlobalMaxPooling2D(GoldenCase golden) => ExpectOp(golden, GlobalPooling.MaxForward, GlobalPooling.MaxBackward);

    public static void MaxPooling2D(GoldenCase golden)
    {
        Window2D window = golden.Window("pool_size");
        ExpectOp(golden, x => MaxPooling.Forward(x, window), (x, dy) => MaxPooling.Backward(x, dy, window));
    }

    public static void Philox(GoldenCase golden)
    {
        static uint[][] Words(Tensor tensor) => [.. tensor.Rows().Select(row => row.Select(word => (uint)word).ToArray())];
        Assert.Equal(10, golden.Whole("rounds"));
        uint[][] counters = Words(golden.Tensor("counter")), keys = Words(golden.Tensor("key"));
        Assert.Equal(Words(golden.Tensor("output")), counters.Zip(keys, RandomWords.Block));
    }

    public static void UpSampling2D(GoldenCase golden)
    {
        int[] factors = golden.Pair("size");
        var enlarge = new UpSampling(factors[0], factors[1], golden.Text("interpolation") == "bilinear", golden.Flag("half_pixel_centers"));
        ExpectOp(golden, enlarge.Forward, enlarge.Backward);
    }

    public static void ZeroPadding2D(GoldenCase golden)
    {
        Margins margins = golden.Margins("padding");
        ExpectOp(golden, margins.Pad, (_, dy) => margins.PadBackward(dy));
    }

    private static Tensor[] Inputs(GoldenCase golden) =>
        [.. Enumerable.Range(0, golden.TensorNames.Count(name => name.StartsWith('x'))).Select(i => golden.Tensor($"x{i}"))];

    private static void ExpectOp(GoldenCase golden, Func<Tensor, Tensor> forward, Func<Tensor, Tensor, Tensor> backward)
    {
        golden.Expect("y", forward(golden.Tensor("x")));
        golden.Expect("dx", backward(golden.Tensor("x"), golden.Tensor("dy")));
    }

    private static void ExpectGradients(GoldenCase golden, (Tensor Dx, Tensor Dgamma, Tensor Dbeta) gradients)
    {
        golden.Expect("dx", gradients.Dx);
        golden.Expect("dgamma", gradients.Dgamma);
        golden.Expect("dbeta", gradients.Dbeta);
    }

    private static void ExpectGradients(GoldenCase golden, Tensor? bias, (Tensor Dx, Tensor Dkernel, Tensor Dbias) gradients)
    {
        golden.Expect("dx", gradients.Dx);
        golden.Expect("dw", gradients.Dkernel);
        if (bias is not null)
            golden.Expect("db", gradients.Dbias);
    }
}

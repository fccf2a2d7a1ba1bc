using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Golden cases of single layers. Each gives the names of what it could not cover.</summary>
internal static class LayerGolden
{
    public static IEnumerable<string> Activation(GoldenCase golden)
    {
        string name = golden.Text("activation");
        if (!Activations.Knows(name) || golden.Demands("alpha", "max_value", "threshold").Any())
            return [name == "relu" ? "relu with parameters" : name];
        (Tensor x, Tensor dy) = (golden.Tensor("x"), golden.Tensor("dy"));
        Tensor y = Activations.Forward(name, x);
        golden.Expect("y", y.ToFloats(), "reference");
        golden.Expect("dx", Activations.Backward(name, y, dy).ToFloats(), "reference");
        OnEachTarget((context, who) =>
        {
            (float[] output, float[] dx) = Kernels.Activate(context, name, x, dy);
            golden.Expect("y", output, who);
            golden.Expect("dx", dx, who);
        });
        return [];
    }

    public static IEnumerable<string> Conv2D(GoldenCase golden)
    {
        (Tensor x, Tensor kernel, Tensor dy) = (golden.Tensor("x"), golden.Tensor("w"), golden.Tensor("dy"));
        Tensor? bias = golden.Flag("use_bias") ? golden.Tensor("b") : null;
        Window2D window = golden.Window("kernel_size");
        (Tensor dx, Tensor dkernel, Tensor dbias) = Convolution.Backward(x, kernel, dy, window);
        Expect(golden, "reference", Convolution.Forward(x, kernel, bias, window).ToFloats(), dx.ToFloats(), dkernel.ToFloats(), dbias.ToFloats());
        OnEachTarget((context, who) =>
        {
            context.SetState(x.Shape[0]);
            var result = Kernels.Convolve(context, Kernels.Describe(x, kernel, window, bias is not null), x, kernel, bias, dy);
            Expect(golden, who, result.Y, result.Dx, result.Dkernel, result.Dbias);
        });
        return [];
    }

    public static IEnumerable<string> Dense(GoldenCase golden)
    {
        (Tensor x, Tensor kernel, Tensor dy) = (golden.Tensor("x"), golden.Tensor("w"), golden.Tensor("dy"));
        Tensor? bias = golden.Flag("use_bias") ? golden.Tensor("b") : null;
        (Tensor dx, Tensor dkernel, Tensor dbias) = FullyConnected.Backward(x, kernel, dy);
        Expect(golden, "reference", FullyConnected.Forward(x, kernel, bias).ToFloats(), dx.ToFloats(), dkernel.ToFloats(), dbias.ToFloats());
        OnEachTarget((context, who) =>
        {
            context.SetState(x.Shape[0]);
            var result = Kernels.Dense(context, Kernels.Describe(x, kernel, bias is not null), x, kernel, bias, dy);
            Expect(golden, who, result.Y, result.Dx, result.Dkernel, result.Dbias);
        });
        return [];
    }

    public static IEnumerable<string> MaxPooling2D(GoldenCase golden)
    {
        (Tensor x, Tensor dy) = (golden.Tensor("x"), golden.Tensor("dy"));
        Window2D window = golden.Window("pool_size");
        golden.Expect("y", MaxPooling.Forward(x, window).ToFloats(), "reference");
        golden.Expect("dx", MaxPooling.Backward(x, dy, window).ToFloats(), "reference");
        OnEachTarget((context, who) =>
        {
            (float[] y, float[] dx) = Kernels.Pool(context, x, dy, window);
            golden.Expect("y", y, who);
            golden.Expect("dx", dx, who);
        });
        return [];
    }

    // The mask is part of the case, so the native op, which draws its own, cannot run it: DropoutTests hold it against this reference.
    public static IEnumerable<string> Dropout(GoldenCase golden)
    {
        bool[] kept = [.. golden.Tensor("mask").Values.Select(value => value != 0)];
        double rate = golden.Number("rate");
        golden.Expect("y", Masks.Apply(golden.Tensor("x"), kept, rate).ToFloats(), "reference");
        golden.Expect("dx", Masks.Apply(golden.Tensor("dy"), kept, rate).ToFloats(), "reference");
        return [];
    }

    public static IEnumerable<string> Flatten(GoldenCase golden)
    {
        Tensor x = golden.Tensor("x");
        var flatten = new FlattenLayer();
        Assert.Equal(golden.Tensor("y").Shape.Skip(1), flatten.Infer([.. x.Shape.Skip(1)]));
        golden.Expect("y", x.ToFloats(), "reference");
        golden.Expect("dx", golden.Tensor("dy").ToFloats(), "reference");
        return [];
    }

    internal static void OnEachTarget(Action<NativeContext, string> run)
    {
        foreach (Target target in Target.All)
        {
            using var context = new NativeContext(target, threads: 2);
            run(context, target.ToString());
        }
    }

    private static void Expect(GoldenCase golden, string who, float[] y, float[] dx, float[] dkernel, float[] dbias)
    {
        golden.Expect("y", y, who);
        golden.Expect("dx", dx, who);
        golden.Expect("dw", dkernel, who);
        if (golden.Has("db"))
            golden.Expect("db", dbias, who);
    }
}

using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native ops on golden cases of single layers. Each gives the names of what it could not cover.</summary>
internal static class LayerGolden
{
    public static IEnumerable<string> Activation(GoldenCase golden)
    {
        string name = golden.Text("activation");
        if (name is not ("linear" or "relu" or "sigmoid" or "tanh" or "softmax") || golden.Demands("alpha", "max_value", "threshold").Any())
            return [name == "relu" ? "relu with parameters" : name];
        (Tensor x, Tensor dy) = (golden.Tensor("x"), golden.Tensor("dy"));
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
        OnEachTarget((context, who) =>
        {
            (float[] y, float[] dx) = Kernels.Pool(context, x, dy, window);
            golden.Expect("y", y, who);
            golden.Expect("dx", dx, who);
        });
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

using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native ops on golden cases of single layers. Each gives the names of what it could not cover.</summary>
internal static class LayerGolden
{
    public static IEnumerable<string> Activation(GoldenCase golden)
    {
        ActivationRule rule = ReferenceLayerGolden.Rule(golden);
        (Tensor x, Tensor dy) = (golden.Tensor("x"), golden.Tensor("dy"));
        OnEachTarget((context, who) =>
        {
            Expect(golden, who, Kernels.Activate(context, rule, x, dy));
            if (FusedGolden.TakesIn(rule))
                Expect(golden, who + ", fused", FusedGolden.Activate(context, rule, x, dy));
        });
        return [];
    }

    public static IEnumerable<string> Add(GoldenCase golden) =>
        Join(golden, (context, inputs, dy) => JoinKernels.Add(context, "linear", inputs, dy));

    public static IEnumerable<string> AveragePooling2D(GoldenCase golden)
    {
        Window2D window = golden.Window("pool_size");
        return Image(golden, (context, x, dy) => ImageKernels.Average(context, x, dy, window));
    }

    public static IEnumerable<string> BatchNormalization(GoldenCase golden)
    {
        bool isTraining = golden.Flag("training");
        string before = isTraining ? "_before" : "";
        var stage = new NormalizationKernels.Stage(
            golden.Tensor("x"), golden.Tensor("gamma"), golden.Tensor("beta"), golden.Tensor("moving_mean" + before),
            golden.Tensor("moving_variance" + before), IsFrozen: !isTraining, Momentum: golden.Number("momentum"), Epsilon: golden.Number("epsilon"));
        Assert.Equal(-1, golden.Whole("axis"));
        OnEachTarget((context, who) =>
        {
            NormalizationKernels.Result result = NormalizationKernels.Run(context, stage, golden.Tensor("dy"));
            golden.Expect("y", isTraining ? result.Y : result.Prediction, who);
            golden.Expect("y", result.Y, who);
            golden.Expect("dx", result.Dx, who);
            golden.Expect("moving_mean", result.MovingMean, who);
            golden.Expect("moving_variance", result.MovingVariance, who);
            if (isTraining)
            {
                golden.Expect("dgamma", result.Dgamma, who);
                golden.Expect("dbeta", result.Dbeta, who);
            }
        });
        return [];
    }

    public static IEnumerable<string> Concatenate(GoldenCase golden)
    {
        int rank = golden.Tensor("y").Shape.Count, axis = golden.Whole("axis");
        int positive = axis < 0 ? axis + rank : axis;
        return Join(
            golden, (context, inputs, dy) => JoinKernels.Concatenate(context, positive, inputs, dy), positive == 3 ? FusedGolden.Join : null);
    }

    public static IEnumerable<string> Cropping2D(GoldenCase golden)
    {
        Margins margins = golden.Margins("cropping");
        return Image(
            golden, (context, x, dy) => ImageKernels.Pad(context, x, dy, -margins.Top, -margins.Left),
            (context, x, dy) => FusedGolden.Frame(context, x, dy, -margins.Top, -margins.Left));
    }

    /// <remarks>
    /// The native op draws its masks: each element is held against the golden one under the first of many updates that decides as the case
    /// does.
    /// </remarks>
    public static IEnumerable<string> Dropout(GoldenCase golden)
    {
        const ulong Seed = 7;
        const int MostUpdates = 64;
        Assert.True(golden.Flag("training"));
        (Tensor x, Tensor dy, double rate) = (golden.Tensor("x"), golden.Tensor("dy"), golden.Number("rate"));
        bool[] mask = [.. golden.Tensor("mask").Values.Select(value => value != 0)];
        OnEachTarget((context, who) =>
        {
            Draw(context, who, () => Kernels.Drop(context, x, dy, rate, stream: 0));
            Draw(context, who + ", fused", () => FusedGolden.Drop(context, x, dy, rate, stream: 0));
        });
        return [];

        void Draw(NativeContext context, string who, Func<(float[] Y, float[] Dx)> drop)
        {
            float[] y = new float[x.Count], dx = new float[x.Count];
            bool[] seen = new bool[x.Count];
            for (ulong update = 0; update < MostUpdates && seen.Contains(false); update++)
            {
                context.SetState(x.Shape[0], Seed, update);
                (float[] output, float[] gradient) = drop();
                bool[] kept = Masks.Draw(x.Count, rate, element => Philox.Word(Seed, 0, update, (ulong)element));
                foreach (int element in Enumerable.Range(0, x.Count).Where(element => !seen[element] && kept[element] == mask[element]))
                    (y[element], dx[element], seen[element]) = (output[element], gradient[element], true);
            }

            Assert.DoesNotContain(false, seen);
            Expect(golden, who, (y, dx));
        }
    }

    /// <summary>A model that does nothing else: no op belongs to it.</summary>
    public static IEnumerable<string> Flatten(GoldenCase golden)
    {
        Tensor x = golden.Tensor("x");
        int batch = x.Shape[0];
        (Type fused, Type unfused) = ModelCompiler.Compile(new Network([.. x.Shape.Skip(1)], [new FlattenLayer()], "mean_squared_error"));
        foreach (Target target in Target.All)
        {
            foreach (Type type in (Type[])[fused, unfused])
            {
                using Device device = target.MakeDevice(threads: 1);
                using Model model = ModelCompiler.Create(type, device, batch);
                float[] y = new float[x.Count];
                model.PredictOnBatch(x.ToFloats(), y);
                golden.Expect("y", y, $"{target}, {type.Name}");
            }
        }

        return [];
    }

    public static IEnumerable<string> GlobalPooling2D(GoldenCase golden, bool isMax) =>
        Image(golden, (context, x, dy) => ImageKernels.PoolGlobally(context, x, dy, isMax));

    public static IEnumerable<string> UpSampling2D(GoldenCase golden)
    {
        int[] factors = golden.Pair("size");
        bool bilinear = golden.Text("interpolation") == "bilinear";
        if (bilinear && !golden.Flag("half_pixel_centers"))
            return ["bilinear up-sampling of old versions of Keras"];
        var upSampling = new UpSampling(factors[0], factors[1], bilinear);
        return Image(
            golden, (context, x, dy) => ImageKernels.Enlarge(context, x, dy, upSampling),
            (context, x, dy) => FusedGolden.Enlarge(context, x, dy, upSampling));
    }

    public static IEnumerable<string> ZeroPadding2D(GoldenCase golden)
    {
        Margins margins = golden.Margins("padding");
        return Image(
            golden, (context, x, dy) => ImageKernels.Pad(context, x, dy, margins.Top, margins.Left),
            (context, x, dy) => FusedGolden.Frame(context, x, dy, margins.Top, margins.Left));
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
        Window2D window = golden.Window("pool_size");
        return Image(
            golden, (context, x, dy) => Kernels.Pool(context, x, dy, window), (context, x, dy) => FusedGolden.Pool(context, x, dy, window));
    }

    private static string[] Image(
        GoldenCase golden, Func<NativeContext, Tensor, Tensor, (float[] Y, float[] Dx)> run,
        Func<NativeContext, Tensor, Tensor, (float[] Y, float[] Dx)>? fused = null)
    {
        OnEachTarget((context, who) =>
        {
            Expect(golden, who, run(context, golden.Tensor("x"), golden.Tensor("dy")));
            if (fused is not null)
                Expect(golden, who + ", fused", fused(context, golden.Tensor("x"), golden.Tensor("dy")));
        });
        return [];
    }

    private static string[] Join(
        GoldenCase golden, Func<NativeContext, Tensor[], Tensor, (float[] Y, float[][] Dx)> run,
        Func<NativeContext, Tensor[], Tensor, (float[] Y, float[][] Dx)>? fused = null)
    {
        Tensor[] inputs = [.. Enumerable.Range(0, golden.TensorNames.Count(name => name.StartsWith('x'))).Select(i => golden.Tensor($"x{i}"))];
        OnEachTarget((context, who) =>
        {
            Expect(who, run(context, inputs, golden.Tensor("dy")));
            if (fused is not null)
                Expect(who + ", fused", fused(context, inputs, golden.Tensor("dy")));
        });
        return [];

        void Expect(string who, (float[] Y, float[][] Dx) result)
        {
            golden.Expect("y", result.Y, who);
            for (int i = 0; i < inputs.Length; i++)
                golden.Expect(golden.Has($"dx{i}") ? $"dx{i}" : "dy", result.Dx[i], who);
        }
    }

    internal static void OnEachTarget(Action<NativeContext, string> run)
    {
        foreach (Target target in Target.All)
        {
            using var context = new NativeContext(target, threads: 2);
            run(context, target.ToString());
        }
    }

    private static void Expect(GoldenCase golden, string who, (float[] Y, float[] Dx) result)
    {
        golden.Expect("y", result.Y, who);
        golden.Expect("dx", result.Dx, who);
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

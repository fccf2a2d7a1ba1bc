using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>Makes a failing trial smaller for as long as it fails: fewer samples, fewer layers, plainer layers, a smaller input.</summary>
internal static class ShrinkTrial
{
    private const int MostTried = 300;

    /// <param name="trial">A trial that fails.</param>
    /// <param name="fault">How it fails.</param>
    /// <param name="run">Runs a trial; gives how it fails, or null.</param>
    public static (NetworkTrial Trial, Exception Fault) Smallest(NetworkTrial trial, Exception fault, Func<NetworkTrial, Exception?> run)
    {
        (NetworkTrial Trial, Exception Fault) smallest = (trial, fault);
        int tried = 0;
        bool found = true;
        while (found)
        {
            found = false;
            foreach (NetworkTrial candidate in Smaller(smallest.Trial).Where(candidate => DrawNetwork.IsValid(candidate.Network)))
            {
                if (++tried > MostTried)
                    return smallest;
                if (run(candidate) is not { } fails)
                    continue;
                smallest = (candidate, fails);
                found = true;
                break;
            }
        }

        return smallest;
    }

    private static IEnumerable<NetworkTrial> Smaller(NetworkTrial trial)
    {
        if (trial.Rows > 1)
            yield return trial with { Rows = 1 };
        if (trial.BatchSize > trial.Rows)
            yield return trial with { BatchSize = trial.Rows };
        IReadOnlyList<Layer> layers = trial.Network.Layers;
        for (int i = 0; i < layers.Count; i++)
            yield return trial with { Network = trial.Network.Without(i).Live() };
        for (int i = 0; i < layers.Count; i++)
        {
            foreach (Layer plainer in Plainer(layers[i]).Where(plainer => plainer != layers[i]))
                yield return With(trial, [.. layers.Take(i), plainer, .. layers.Skip(i + 1)]);
        }

        for (int i = 0; i < layers.Count; i++)
        {
            for (int other = 0; layers[i].Others.Count > 1 && other < layers[i].Others.Count; other++)
            {
                Layer smaller = layers[i] with { Others = [.. layers[i].Others.Take(other), .. layers[i].Others.Skip(other + 1)] };
                yield return trial with { Network = (trial.Network with { Layers = [.. layers.Take(i), smaller, .. layers.Skip(i + 1)] }).Live() };
            }
        }

        IReadOnlyList<int> input = trial.Network.Input;
        for (int i = 0; i < input.Count; i++)
        {
            if (input[i] > 1)
                yield return trial with { Network = trial.Network with { Input = [.. input.Take(i), input[i] - 1, .. input.Skip(i + 1)] } };
        }
    }

    private static NetworkTrial With(NetworkTrial trial, IReadOnlyList<Layer> layers) =>
        trial with { Network = trial.Network with { Layers = layers } };

    private static IEnumerable<Layer> Plainer(Layer layer) => layer switch
    {
        Conv2DLayer conv =>
        [
            conv with { Filters = 1 }, conv with { UseBias = false },
            .. Plainer(conv.Window).Select(window => conv with { Window = window }),
        ],
        MaxPooling2DLayer pooling => Plainer(pooling.Window).Select(window => pooling with { Window = window }),
        AveragePooling2DLayer pooling => Plainer(pooling.Window).Select(window => pooling with { Window = window }),
        UpSampling2DLayer enlarge => [enlarge with { Height = 1 }, enlarge with { Width = 1 }, enlarge with { Bilinear = false }],
        ZeroPadding2DLayer padding => Plainer(padding.Margins).Select(margins => padding with { Margins = margins }),
        Cropping2DLayer cropping => Plainer(cropping.Margins).Select(margins => cropping with { Margins = margins }),
        BatchNormalizationLayer normalization =>
            [normalization with { Scale = false }, normalization with { Center = false }, normalization with { Trainable = true }],
        DenseLayer dense => [dense with { Units = 1 }, dense with { Units = 2 }, dense with { UseBias = false }],
        _ => [],
    };

    private static IEnumerable<Window2D> Plainer(Window2D window) =>
    [
        window with { Height = 1 }, window with { Width = 1 }, window with { StrideHeight = 1 }, window with { StrideWidth = 1 },
        window with { DilationHeight = 1, DilationWidth = 1 }, window with { Same = false },
    ];

    private static IEnumerable<Margins> Plainer(Margins margins) =>
        [margins with { Top = 0 }, margins with { Bottom = 0 }, margins with { Left = 0 }, margins with { Right = 0 }];
}

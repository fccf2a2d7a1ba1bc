using CsCheck;

namespace Compiled.Generators.Tests;

/// <summary>Valid networks of the most used layers in a row, drawn with the shapes that they need.</summary>
internal static class Drawn
{
    /// <summary>The attributes of a model, [Model] among them.</summary>
    public static readonly Gen<string> Declarations =
        from fused in Gen.Bool
        from input in Inputs
        from steps in Gen.Select(Gen.Int[0, 9], Gen.Int[0, 1000]).List[0, 9]
        from head in Gen.Int[0, 3]
        from units in Gen.Int[2, 9]
        select Write(fused, input, steps, head, units);

    // Mostly images, which most layers are for.
    private static Gen<int[]> Inputs => Gen.Int[1, 12].SelectMany(rank => Gen.Int[1, 12].Array[rank > 4 ? 3 : rank]);

    private static string Write(bool fused, int[] input, List<(int Kind, int Choice)> steps, int head, int units)
    {
        var text = new StringBuilder();
        List<long> shape = [.. input.Select(extent => (long)extent)];
        text.AppendLine(fused ? "[Model]" : "[Model(Fusion = Fusion.None)]");
        text.AppendLine(CultureInfo.InvariantCulture, $"[Input({string.Join(", ", input)})]");
        string before = "";
        foreach ((int kind, int choice) in steps)
        {
            string layer = Layer(kind, choice, shape);
            // The one thing that layers of fitting shapes may not do.
            if (layer == "Softmax" && before == layer)
                continue;
            before = layer;
            text.AppendLine(CultureInfo.InvariantCulture, $"[{layer}]");
        }

        string end = head switch
        {
            0 => "MeanSquaredError",
            1 => $"Dense({units}), Softmax, CategoricalCrossentropy",
            2 => $"Flatten, Dense({units}), Activation(Activation.Softmax), SparseCategoricalCrossentropy",
            _ => $"Dense({units}, UseBias = false), Sigmoid, MeanSquaredError",
        };
        return text.Append(CultureInfo.InvariantCulture, $"[{end}]").ToString();
    }

    /// <summary>A layer that fits a shape, which becomes that of its output.</summary>
    private static string Layer(int kind, int choice, List<long> shape)
    {
        bool same = choice % 2 == 0;
        switch (kind)
        {
            case 0 or 1 or 2 when shape.Count == 3:
                Window window = Fitting(choice, shape, kind == 2 ? 1 : 1 + choice % 3 / 2);
                (shape[0], shape[1]) = (window.OutputHeight(shape[0]), window.OutputWidth(shape[1]));
                string arguments =
                    $"{window.Height}, {window.Width}, StridesHeight = {window.StrideHeight}, StridesWidth = {window.StrideWidth}, " +
                    $"Padding = Padding.{(window.Same ? "Same" : "Valid")}";
                if (kind == 2)
                    return $"MaxPooling2D({arguments})";
                shape[2] = 1 + choice % 5;
                return $"Conv2D({shape[2]}, {arguments}, DilationRate = {window.DilationHeight}, UseBias = {(same ? "true" : "false")})";
            case 3:
                shape[^1] = 1 + choice % 7;
                return $"Dense({shape[^1]}, UseBias = {(same ? "true" : "false")})";
            case 4 when shape.Count != 3 || choice % 5 == 0:
                long elements = shape.Aggregate(1L, (product, extent) => product * extent);
                shape.Clear();
                shape.Add(elements);
                return "Flatten";
            case 5:
                return $"Dropout({(choice % 100 / 100.0).ToString(CultureInfo.InvariantCulture)})";
            case 6:
                return "Softmax";
            default:
                return ((string[])["ReLU", "Sigmoid", "Tanh", "Linear", "Activation(Activation.ReLU)"])[choice % 5];
        }
    }

    private static Window Fitting(int choice, List<long> shape, int dilation)
    {
        bool same = choice % 2 == 0;
        long height = 1 + choice / 2 % (same ? 4 : Math.Min(4, (shape[0] - 1) / dilation + 1));
        long width = 1 + choice / 8 % (same ? 4 : Math.Min(4, (shape[1] - 1) / dilation + 1));
        return new Window(height, width, dilation > 1 ? 1 : 1 + choice / 32 % 3, dilation > 1 ? 1 : 1 + choice / 96 % 3, same, dilation, dilation);
    }
}

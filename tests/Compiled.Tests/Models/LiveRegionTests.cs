using Compiled.Generators;
using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>What a flooring pooling drops is neither computed nor stored, and the rest is the same to the last bit.</summary>
public sealed class LiveRegionTests
{
    // Five channels: the gradients behind a pooling are then summed in the order of the pixels, as they are without fusion.
    private static readonly Conv2DLayer Valid = Conv(3, 1, 1);
    private static readonly Conv2DLayer Same = Conv(3, 1, 1, same: true);
    private static readonly ActivationLayer ReLU = new("relu");
    private static readonly ActivationLayer Tanh = new("tanh");
    private static readonly MaxPooling2DLayer Halve = Pool(2, 2, 2, 2);

    /// <summary>Networks with the extents that each stage computes before its pooling, and in which it stores its output.</summary>
    private static readonly (string Name, Network Network, string[] Stages)[] Cases =
    [
        ("odd rows", Chain([9, 8, 3], Valid, ReLU, Halve), ["6×6×5 3×3×5"]),
        ("nothing to drop", Chain([10, 8, 3], Valid, ReLU, Halve), ["8×6×5 4×3×5"]),
        ("stacked poolings", Chain([13, 13, 3], Valid, ReLU, Halve, Halve), ["8×8×5 4×4×5", "2×2×5 2×2×5"]),
        ("two layers before", Chain([11, 11, 3], Same, ReLU, Valid, Halve), ["10×10×5 10×10×5", "8×8×5 4×4×5"]),
        ("strides before", Chain([12, 15, 3], Same, Conv(3, 2, 3), Halve), ["9×12×5 9×12×5", "4×4×5 2×2×5"]),
        ("dilation before", Chain([12, 12, 3], Same, Conv(2, 1, 1, dilation: 2), Pool(3, 3, 3, 3)), ["11×11×5 11×11×5", "9×9×5 3×3×5"]),
        ("same padding before", Chain([9, 9, 3], Same, Same, ReLU, Halve), ["9×9×5 9×9×5", "8×8×5 4×4×5"]),
        ("a window smaller than its steps", Chain([8, 8, 3], Same, Pool(1, 2, 2, 3, same: true)), ["7×8×5 4×3×5"]),
        ("same padding never drops", Chain([7, 7, 3], Same, ReLU, Pool(2, 2, 2, 2, same: true)), ["7×7×5 4×4×5"]),
        ("overlapping windows", Chain([10, 9, 3], Same, Pool(3, 3, 2, 2)), ["9×9×5 4×4×5"]),
        ("a pooling alone", Chain([9, 9, 3], Valid, Halve, Tanh, Halve), ["4×4×5 2×2×5", "2×2×5 2×2×5", "1×1×5 1×1×5"]),
        ("an activation alone", Chain([9, 9, 3], Valid, ReLU, Tanh, Halve), ["6×6×5 6×6×5", "6×6×5 6×6×5", "3×3×5 3×3×5"]),
        ("an activation of the input", Chain([9, 9, 3], Tanh, Halve, Valid), ["9×9×3 9×9×3", "4×4×3 4×4×3", "2×2×5 2×2×5"]),
        ("an activation of a view", Chain([11, 11, 3], Same, Halve, new ActivationLayer("linear"), Tanh, Halve),
            ["10×10×5 5×5×5", "5×5×5 5×5×5", "2×2×5 2×2×5"]),
        ("a dense layer cannot be trimmed", Chain([5, 5, 3], new DenseLayer(5), ReLU, Halve), ["5×5×5 5×5×5", "2×2×5 2×2×5"]),
        ("nor a softmax", Chain([7, 7, 3], Valid, new ActivationLayer("softmax"), Halve), ["5×5×5 5×5×5", "5×5×5 5×5×5", "2×2×5 2×2×5"]),
        ("nor what a dropout masks", Chain([7, 7, 3], Valid, ReLU, new DropoutLayer(0.5), Halve), ["5×5×5 5×5×5", "2×2×5 2×2×5"]),
        ("nor an image that is flattened", Chain([7, 7, 3], Valid, new FlattenLayer(), new DenseLayer(2)), ["5×5×5 5×5×5", "2 2"]),
        ("a crop at the end", Chain([9, 9, 3], Valid, ReLU, Crop(0, 2, 0, 1), Valid), ["5×6×5 5×6×5", "3×4×5 3×4×5"]),
        ("a crop at the beginning", Chain([9, 9, 3], Valid, ReLU, Crop(2, 0, 1, 0), Valid, Halve), ["6×7×5 6×7×5", "2×4×5 1×2×5"]),
        ("a padding at the beginning", Chain([9, 9, 3], Valid, ReLU, Pad(1, 0, 4, 0), Valid, Halve), ["7×6×5 7×6×5", "6×8×5 3×4×5"]),
        ("a padding at the end", Chain([9, 9, 3], Valid, ReLU, Pad(0, 3, 0, 1), Valid, Halve), ["7×7×5 7×7×5", "8×6×5 4×3×5"]),
        ("a padding that is all that is read", Chain([5, 5, 3], Valid, Pad(8, 0, 0, 0), Conv(3, 6, 1)), ["1×3×5 1×3×5", "2×1×5 2×1×5"]),
        ("a dropout behind the pooling", Chain([9, 9, 3], Valid, ReLU, Halve, new DropoutLayer(0.5)), ["6×6×5 3×3×5"]),
    ];

    /// <summary>
    /// Convolutions and poolings, the first one a convolution: an input is always stored as a whole. Dilated windows stay inside, else
    /// their gaps may leave out the last row.
    /// </summary>
    private static readonly Gen<Network> Stacks =
        from height in Gen.Int[1, 20]
        from width in Gen.Int[1, 20]
        from first in Convolutions
        from rest in Gen.Frequency((1, Convolutions), (1, Poolings), (1, Gen.Const((Layer)ReLU))).List[0, 5]
        let network = Chain([height, width, 1], [first, .. rest])
        where DrawNetwork.IsValid(network)
        select network;

    private static Gen<Layer> Convolutions =>
        from window in Draw.Windows
        from dilation in Gen.Int[1, 2]
        let canDilate = !window.Same && window.StrideHeight * window.StrideWidth == 1
        select (Layer)new Conv2DLayer(1, canDilate ? window with { DilationHeight = dilation, DilationWidth = dilation } : window);

    private static Gen<Layer> Poolings => Draw.Windows.Select(window => (Layer)new MaxPooling2DLayer(window));

    public static TheoryData<string> Names => new(Cases.Select(entry => entry.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void Stages_compute_and_store_what_is_read(string name)
    {
        (_, Network network, string[] stages) = Cases.Single(entry => entry.Name == name);
        Assert.Equal(stages, Layouts.Of(network).Stages.Select(stage => $"{stage.Anchor} {stage.Output}"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Results_are_those_of_the_whole_layers(string name)
    {
        Network network = Cases.Single(entry => entry.Name == name).Network;
        (Type fused, Type unfused) = ModelCompiler.Compile(network);
        TrialData data = TrialData.Of(network, rows: 3, seed: 1);
        foreach (Target target in Target.Scheduled)
        {
            using var device = target.MakeDevice(threads: 2);
            Trajectory.OfModel(fused, device, batchSize: 4, data).RequireSame(Trajectory.OfModel(unfused, device, batchSize: 4, data), target);
        }
    }

    /// <summary>By an independent way: marking cell by cell what the output depends on.</summary>
    [Fact]
    public void No_row_or_column_is_computed_in_vain() => Stacks.Sample(
        network =>
        {
            List<(int Height, int Width)> reached = Reached(network);
            foreach (StagePlan stage in Layouts.Of(network).Stages)
            {
                // Layers and nodes have the same numbers.
                (int height, int width) = reached[stage.Stage.Anchor + 1];
                Assert.Equal((height, width), (stage.Anchor.Height, stage.Anchor.Width));
                (height, width) = reached[stage.Stage.Nodes.Last + 1];
                Assert.Equal((height, width), (stage.Output.Height, stage.Output.Width));
            }
        },
        200);

    [Fact]
    public void Trimming_saves_memory_and_no_calls()
    {
        // 31 rows and columns: the pooling reads 30 of them, so the first convolution needs only 32 of 33.
        Network odd = Chain([33, 33, 3], Same, ReLU, Valid, ReLU, Halve), even = Chain([32, 32, 3], Same, ReLU, Valid, ReLU, Halve);
        ModelLayout trimmed = Layouts.Of(odd), whole = Layouts.Of(even);
        Assert.Equal(32 * 32 * 5, trimmed.Stages[0].Output.Elements);
        Assert.Equal(whole.Stages.Count, trimmed.Stages.Count);
        // All but the input is as large as that of the smaller network.
        Assert.Equal(whole.ValueBytes - Bytes(32 * 32 * 3) + Bytes(33 * 33 * 3), trimmed.ValueBytes);
    }

    [Fact]
    public void The_generated_code_says_what_it_leaves_out()
    {
        (_, Network network, _) = Cases.Single(entry => entry.Name == "odd rows");
        string code = Layouts.Code(network);
        Assert.Contains("conv_height = 6, conv_width = 6, output_height = 3, output_width = 3", code, StringComparison.Ordinal);
        Assert.Contains("Computes 6×6×5 of 7×6×5", code, StringComparison.Ordinal);
    }

    private static long Bytes(long floats) => MemoryPlanner.Align(floats * sizeof(float));

    private static Conv2DLayer Conv(int size, int strideHeight, int strideWidth, bool same = false, int dilation = 1) =>
        new(5, new Window2D(size, size, strideHeight, strideWidth, same, dilation, dilation));

    private static ZeroPadding2DLayer Pad(int top, int bottom, int left, int right) => new(new Reference.Margins(top, bottom, left, right));

    private static Cropping2DLayer Crop(int top, int bottom, int left, int right) => new(new Reference.Margins(top, bottom, left, right));

    private static MaxPooling2DLayer Pool(int height, int width, int strideHeight, int strideWidth, bool same = false) =>
        new(new Window2D(height, width, strideHeight, strideWidth, same));

    private static Network Chain(int[] input, params Layer[] layers) => new(input, layers, "mean_squared_error");

    /// <summary>How many rows and columns of each value, from the first on, reach the output.</summary>
    private static List<(int Height, int Width)> Reached(Network network)
    {
        IReadOnlyList<IReadOnlyList<int>> shapes = network.Shapes();
        List<(int Height, int Width)> reached = [(shapes[^1][0], shapes[^1][1])];
        for (int i = network.Layers.Count - 1; i >= 0; i--)
        {
            (int height, int width) = reached[0];
            Window2D window = network.Layers[i] switch
            {
                Conv2DLayer conv => conv.Window,
                MaxPooling2DLayer pooling => pooling.Window,
                _ => new Window2D(1, 1, 1, 1, Same: false),
            };
            (int rows, int columns) = (0, 0);
            window.ForEachCell(shapes[i][0], shapes[i][1], (oy, ox, _, _, iy, ix) =>
            {
                if (oy < height && ox < width)
                    (rows, columns) = (Math.Max(rows, iy + 1), Math.Max(columns, ix + 1));
            });
            reached.Insert(0, (rows, columns));
        }

        return reached;
    }
}

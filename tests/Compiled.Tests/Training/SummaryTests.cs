using System.Globalization;

namespace Compiled.Tests;

public sealed class SummaryTests
{
    [Fact]
    public void The_summary_is_a_table_of_the_layers_in_any_culture()
    {
        using var net = new ThreeShapes(batchSize: 400);
        string arena = net.ArenaBytes.ToString("N0", CultureInfo.InvariantCulture);
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            var foreign = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            foreign.NumberFormat.NumberGroupSeparator = "'";
            foreign.NumberFormat.NumberDecimalSeparator = ";";
            CultureInfo.CurrentCulture = foreign;
            Assert.Equal(
                $"""
                ThreeShapes: 6×6×2 -> 3
                  stage  layer                       kind                     output      parameters
                      1  conv2d_1                    Conv2D 3×3, 4 filters    4×4×4               76
                      1  relu_1                      ReLU                     4×4×4                -
                      1  max_pooling2d_1             MaxPooling2D 2×2         2×2×4                -
                      1  dropout_1                   Dropout 0.25             2×2×4                -
                      1  flatten_1                   Flatten                  16                   -
                      2  dense_1                     Dense 8                  8                  136
                      2  relu_2                      ReLU                     8                    -
                      2  dropout_2                   Dropout 0.5              8                    -
                      3  dense_2                     Dense 3                  3                   27
                      4  softmax_1                   Softmax                  3                    -
                      4  categorical_crossentropy_1  CategoricalCrossentropy  one number           -
                239 parameters, 3 stages and the loss, 8 native calls per training step, arena of {arena} bytes at batch size 400
                """.ReplaceLineEndings("\n"), net.Summary());
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void The_unfused_twin_has_a_stage_per_layer_and_the_same_parameters()
    {
        using var fused = new ThreeShapes(batchSize: 4);
        using var unfused = new ThreeShapesUnfused(batchSize: 4);
        Assert.Equal(fused.Plan.ParameterCount, unfused.Plan.ParameterCount);
        Assert.Equal(fused.Plan.Graph, unfused.Plan.Graph);
        Assert.True(fused.Plan.NativeCallsPerStep < unfused.Plan.NativeCallsPerStep);
        Assert.Contains(fused.ArenaBytes.ToString("N0", CultureInfo.InvariantCulture), fused.Summary(), StringComparison.Ordinal);
    }
}

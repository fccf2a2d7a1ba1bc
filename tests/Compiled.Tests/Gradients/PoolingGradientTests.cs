using Compiled.Reference;
using CsCheck;

namespace Compiled.Tests;

/// <summary>Gradients of poolings.</summary>
public sealed class PoolingGradientTests
{
    private static readonly Gen<(Window2D Window, int Height, int Width, int Channels)> Images =
        Gen.Select(Draw.Windows, Gen.Int[1, 6], Gen.Int[1, 6], Gen.Int[1, 3])
            .Where(drawn => drawn.Item1.OutputHeight(drawn.Item2) >= 1 && drawn.Item1.OutputWidth(drawn.Item3) >= 1);

    [Fact]
    public void MaxPooling2D() => Images.Sample(
        drawn => Expect(Distinct(drawn), x => MaxPooling.Forward(x, drawn.Window), (x, dy) => MaxPooling.Backward(x, dy, drawn.Window)),
        40);

    [Fact]
    public void AveragePooling2D() => Images.Sample(
        drawn => Expect(
            Distinct(drawn), x => AveragePooling.Forward(x, drawn.Window), (x, dy) => AveragePooling.Backward(x, dy, drawn.Window)),
        40);

    [Fact]
    public void GlobalAveragePooling2D() =>
        Images.Sample(drawn => Expect(Distinct(drawn), GlobalPooling.AverageForward, GlobalPooling.AverageBackward), 10);

    [Fact]
    public void GlobalMaxPooling2D() =>
        Images.Sample(drawn => Expect(Distinct(drawn), GlobalPooling.MaxForward, GlobalPooling.MaxBackward), 10);

    private static Tensor Distinct((Window2D Window, int Height, int Width, int Channels) drawn) =>
        FiniteDifference.Distinct(1, 2, drawn.Height, drawn.Width, drawn.Channels);

    private static void Expect(Tensor x, Func<Tensor, Tensor> forward, Func<Tensor, Tensor, Tensor> backward)
    {
        Tensor dy = Draw.Reals(2, forward(x).Shape);
        FiniteDifference.ExpectOp(() => forward(x), dy, x, backward(x, dy));
    }
}

using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native normalizations, as a caller of the C interface runs them.</summary>
internal static class NormalizationKernels
{
    /// <summary>What a stage is given.</summary>
    /// <param name="X">The input.</param>
    /// <param name="Gamma">The scale; null for none.</param>
    /// <param name="Beta">The shift; null for none.</param>
    /// <param name="MovingMean">The moving mean before.</param>
    /// <param name="MovingVariance">The moving variance before.</param>
    /// <param name="Addend">What is added; null for nothing.</param>
    /// <param name="Activation">What follows.</param>
    /// <param name="IsFrozen">Whether training uses the moving statistics.</param>
    /// <param name="Momentum">What of the moving statistics stays.</param>
    /// <param name="Epsilon">What is added to the variance.</param>
    /// <param name="Pool">The window of the pooling that follows, of images [batch, height, width, channels]; null for none.</param>
    /// <param name="Rate">What share the dropout behind that drops, of stream <see cref="Stream"/> at update <see cref="Update"/>.</param>
    /// <param name="Averages">Whether a mean over the positions of a sample follows.</param>
    public sealed record Stage(
        Tensor X, Tensor? Gamma, Tensor? Beta, Tensor MovingMean, Tensor MovingVariance, Tensor? Addend = null, string Activation = "linear",
        bool IsFrozen = false, double Momentum = 0.99, double Epsilon = 0.001, Window2D? Pool = null, double Rate = 0,
        bool Averages = false);

    public const ulong Seed = 99;
    public const ulong Update = 5;
    public const uint Stream = 3;

    /// <summary>What it gives.</summary>
    public sealed record Result(
        float[] Prediction, float[] Y, float[] MovingMean, float[] MovingVariance, float[] Dx, float[] Daddend, float[] Dgamma, float[] Dbeta);

    /// <param name="context">Where it runs.</param>
    /// <param name="stage">What it is given.</param>
    /// <param name="dy">The gradient of the output.</param>
    /// <param name="before">What the gradients of input and addend are added to; null where they are written over.</param>
    public static Result Run(NativeContext context, Stage stage, Tensor dy, Tensor? before = null)
    {
        Tensor x = stage.X;
        int channels = x.Last;
        var desc = new cn_batch_normalization_desc
        {
            struct_size = ImageKernels.Size<cn_batch_normalization_desc>(),
            activation = (int)Kernels.Activation(stage.Activation),
            activation_alpha = Kernels.Alpha(new ActivationRule(stage.Activation)),
            batch = x.Shape[0],
            positions = x.Count / x.Shape[0] / channels,
            channels = channels,
            epsilon = (float)stage.Epsilon,
            momentum = (float)stage.Momentum,
            use_scale = stage.Gamma is null ? 0 : 1,
            use_center = stage.Beta is null ? 0 : 1,
            frozen = stage.IsFrozen ? 1 : 0,
            use_addend = stage.Addend is null ? 0 : 1,
            input_gradient = ImageKernels.Mode(before),
            addend_gradient = stage.Addend is null ? 0 : ImageKernels.Mode(before),
            global_average = stage.Averages ? 1 : 0,
        };
        if (stage.Pool is { } pool)
        {
            (desc.height, desc.width) = (x.Shape[1], x.Shape[2]);
            (desc.output_height, desc.output_width) = (dy.Shape[1], dy.Shape[2]);
            desc.pool = Kernels.Describe(pool, x.Shape[1], x.Shape[2]);
            (desc.dropout_rate, desc.dropout_stream) = ((float)stage.Rate, Stream);
        }

        nint op = context.Op(Native.cn_batch_normalization_create, desc);
        nint Optional(Tensor? tensor) => tensor is null ? 0 : context.Array(tensor);
        nint Gradient(Tensor? weight) => weight is null || stage.IsFrozen ? 0 : context.Garbage(channels);
        nint input = context.Array(x), gamma = Optional(stage.Gamma), beta = Optional(stage.Beta), addend = Optional(stage.Addend);
        nint mean = context.Array(stage.MovingMean), variance = context.Array(stage.MovingVariance);
        nint prediction = context.Garbage(dy.Count), y = context.Garbage(dy.Count), saved = context.Garbage(2 * channels);
        nint codes = stage.Pool is not null ? context.Array(new byte[dy.Count])
            : stage is { Averages: true, Activation: "relu" } ? context.Array(new byte[x.Count])
            : 0;
        nint dx = ImageKernels.Room(context, before, x.Count), daddend = stage.Addend is null ? 0 : ImageKernels.Room(context, before, x.Count);
        nint dgamma = Gradient(stage.Gamma), dbeta = Gradient(stage.Beta);
        context.SetState(x.Shape[0], Seed, Update);
        NativeContext.Check(Native.cn_batch_normalization_predict(op, context.State, input, gamma, beta, mean, variance, addend, prediction));
        NativeContext.Check(
            Native.cn_batch_normalization_forward(op, context.State, input, gamma, beta, mean, variance, addend, 0, y, saved, codes));
        NativeContext.Check(Native.cn_batch_normalization_backward(
            op, context.State, input, gamma, saved, y, codes, context.Array(dy), dx, daddend, dgamma, dbeta));
        float[] Read(nint address, int count) => address == 0 ? [] : context.Floats(address, count);
        return new Result(
            Read(prediction, dy.Count), Read(y, dy.Count), Read(mean, channels), Read(variance, channels), Read(dx, x.Count),
            Read(daddend, x.Count), Read(dgamma, channels), Read(dbeta, channels));
    }

    /// <summary>Layer normalization over the last axis.</summary>
    public static (float[] Prediction, float[] Y, float[] Dx, float[] Dgamma, float[] Dbeta) NormalizeLayer(
        NativeContext context, Tensor x, Tensor? gamma, Tensor? beta, double epsilon, Tensor dy, Tensor? before = null)
    {
        int features = x.Last, positions = x.Count / features;
        nint op = context.Op(Native.cn_layer_normalization_create, new cn_layer_normalization_desc
        {
            struct_size = ImageKernels.Size<cn_layer_normalization_desc>(),
            batch = x.Shape[0],
            positions = positions / x.Shape[0],
            features = features,
            epsilon = (float)epsilon,
            use_scale = gamma is null ? 0 : 1,
            use_center = beta is null ? 0 : 1,
            input_gradient = ImageKernels.Mode(before),
        });
        nint input = context.Array(x), scale = gamma is null ? 0 : context.Array(gamma), shift = beta is null ? 0 : context.Array(beta);
        nint prediction = context.Garbage(x.Count), y = context.Garbage(x.Count), saved = context.Garbage(2 * positions);
        nint dx = ImageKernels.Room(context, before, x.Count);
        nint dgamma = gamma is null ? 0 : context.Garbage(features), dbeta = beta is null ? 0 : context.Garbage(features);
        context.SetState(x.Shape[0]);
        NativeContext.Check(Native.cn_layer_normalization_forward(op, context.State, input, scale, shift, prediction, 0));
        NativeContext.Check(Native.cn_layer_normalization_forward(op, context.State, input, scale, shift, y, saved));
        NativeContext.Check(Native.cn_layer_normalization_backward(op, context.State, input, scale, saved, context.Array(dy), dx, dgamma, dbeta));
        float[] Read(nint address, int count) => address == 0 ? [] : context.Floats(address, count);
        return (Read(prediction, x.Count), Read(y, x.Count), Read(dx, x.Count), Read(dgamma, features), Read(dbeta, features));
    }
}

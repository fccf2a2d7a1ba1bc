using Compiled.Interop;

namespace Compiled.Benchmarks;

/// <summary>The sizes of a 3×3 convolution and what follows it.</summary>
/// <param name="Extent">Rows and columns of the input.</param>
/// <param name="Channels">Channels of the input.</param>
/// <param name="Filters">Channels of the output.</param>
/// <param name="IsSame">Whether it pads; where it does not, a 2×2 max pooling and a dropout follow.</param>
/// <param name="Computed">Rows and columns that the fused stage computes: those that somebody reads.</param>
internal sealed record ConvolutionShape(int Extent, int Channels, int Filters, bool IsSame, int Computed)
{
    /// <summary>Rows and columns that the convolution has.</summary>
    public int Full => IsSame ? Extent : Extent - 2;

    public bool IsPooled => !IsSame;
}

internal sealed class ConvolutionStage : NativeStage
{
    private const float Rate = 0.25f;

    private readonly bool _fused;
    private readonly bool _pooled;
    private readonly nint _convolution, _relu, _pooling, _dropout;
    private readonly nint _x, _kernel, _bias, _conv, _pool, _y, _codes;
    private readonly nint _dx, _dkernel, _dbias, _dconv, _dpool, _dy;

    public ConvolutionStage(int batch, ConvolutionShape shape, bool fused)
        : base(batch)
    {
        _fused = fused;
        _pooled = shape.IsPooled;
        int conv = fused ? shape.Computed : shape.Full;
        int output = _pooled ? shape.Full / 2 : conv;
        long convCount = (long)conv * conv * shape.Filters;
        long outputCount = (long)output * output * shape.Filters;
        _convolution = CreateConvolution(new cn_conv2d_desc
        {
            // Nobody wants the gradient of an image.
            input_gradient = shape.Channels == 3 ? (int)cn_gradient_mode.CN_GRADIENT_NONE : (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
            input_height = shape.Extent,
            input_width = shape.Extent,
            input_channels = shape.Channels,
            filters = shape.Filters,
            conv_height = conv,
            conv_width = conv,
            output_height = fused ? output : conv,
            output_width = fused ? output : conv,
            window = Window(3, stride: 1, pad: shape.IsSame ? 1 : 0),
            pool = fused && _pooled ? Window(2, stride: 2, pad: 0) : default,
            activation = fused ? (int)cn_activation.CN_ACTIVATION_RELU : (int)cn_activation.CN_ACTIVATION_LINEAR,
            use_bias = 1,
            dropout_rate = fused && _pooled ? Rate : 0,
        });

        _x = Floats((long)batch * shape.Extent * shape.Extent * shape.Channels);
        _kernel = Floats(9L * shape.Channels * shape.Filters);
        _bias = Floats(shape.Filters);
        _y = Floats(batch * outputCount);
        _dy = Floats(batch * outputCount);
        _codes = _pooled ? Allocate(batch * outputCount) : 0;
        _dx = shape.Channels == 3 ? 0 : Floats((long)batch * shape.Extent * shape.Extent * shape.Channels);
        _dkernel = Floats(9L * shape.Channels * shape.Filters);
        _dbias = Floats(shape.Filters);
        if (fused)
            return;

        _relu = CreateRelu(convCount);
        _conv = _pooled ? Floats(batch * convCount) : _y;
        _dconv = Floats(batch * convCount);
        if (!_pooled)
            return;
        _pooling = CreateMaxPooling(new cn_max_pooling2d_desc
        {
            input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
            input_height = conv,
            input_width = conv,
            channels = shape.Filters,
            output_height = output,
            output_width = output,
            window = Window(2, stride: 2, pad: 0),
        });
        _dropout = CreateDropout(outputCount, Rate);
        _pool = Floats(batch * outputCount);
        _dpool = Floats(batch * outputCount);
    }

    public override void Forward()
    {
        if (_fused)
        {
            Check(Native.cn_conv2d_forward(_convolution, State, _x, _kernel, _bias, _y, _codes, 0));
            return;
        }

        Check(Native.cn_conv2d_forward(_convolution, State, _x, _kernel, _bias, _conv, 0, 0));
        Check(Native.cn_activation_forward(_relu, State, _conv, _conv));
        if (!_pooled)
            return;
        Check(Native.cn_max_pooling2d_forward(_pooling, State, _conv, _pool, _codes));
        Check(Native.cn_dropout_forward(_dropout, State, _pool, _y));
    }

    public override void Backward()
    {
        if (_fused)
        {
            Check(Native.cn_conv2d_backward(_convolution, State, _x, _kernel, _y, _codes, _dy, _dx, _dkernel, _dbias));
            return;
        }

        nint dconv = _dy;
        if (_pooled)
        {
            Check(Native.cn_dropout_backward(_dropout, State, _dy, _dpool));
            Check(Native.cn_max_pooling2d_backward(_pooling, State, _codes, _dpool, _dconv));
            dconv = _dconv;
        }

        Check(Native.cn_activation_backward(_relu, State, 0, _conv, dconv, _dconv));
        Check(Native.cn_conv2d_backward(_convolution, State, _x, _kernel, _conv, 0, _dconv, _dx, _dkernel, _dbias));
    }

    private static cn_window Window(int extent, int stride, int pad) => new()
    {
        height = extent,
        width = extent,
        stride_height = stride,
        stride_width = stride,
        dilation_height = 1,
        dilation_width = 1,
        pad_top = pad,
        pad_left = pad,
    };
}

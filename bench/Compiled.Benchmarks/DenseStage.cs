using Compiled.Interop;

namespace Compiled.Benchmarks;

/// <summary>A dense layer with ReLU and dropout.</summary>
internal sealed class DenseStage : NativeStage
{
    private const float Rate = 0.5f;

    private readonly bool _fused;
    private readonly nint _dense, _relu, _dropout;
    private readonly nint _x, _kernel, _bias, _hidden, _y;
    private readonly nint _dx, _dkernel, _dbias, _dhidden, _dy;

    public DenseStage(int batch, int inputs, int units, bool fused)
        : base(batch)
    {
        _fused = fused;
        _dense = CreateDense(new cn_dense_desc
        {
            input_gradient = (int)cn_gradient_mode.CN_GRADIENT_OVERWRITE,
            positions = 1,
            inputs = inputs,
            units = units,
            activation = fused ? (int)cn_activation.CN_ACTIVATION_RELU : (int)cn_activation.CN_ACTIVATION_LINEAR,
            use_bias = 1,
            dropout_rate = fused ? Rate : 0,
        });
        _x = Floats((long)batch * inputs);
        _kernel = Floats((long)inputs * units);
        _bias = Floats(units);
        _y = Floats((long)batch * units);
        _dx = Floats((long)batch * inputs);
        _dkernel = Floats((long)inputs * units);
        _dbias = Floats(units);
        _dy = Floats((long)batch * units);
        if (fused)
            return;
        _relu = CreateRelu(units);
        _dropout = CreateDropout(units, Rate);
        _hidden = Floats((long)batch * units);
        _dhidden = Floats((long)batch * units);
    }

    public override void Forward()
    {
        if (_fused)
        {
            Check(Native.cn_dense_forward(_dense, State, _x, _kernel, _bias, _y));
            return;
        }

        Check(Native.cn_dense_forward(_dense, State, _x, _kernel, _bias, _hidden));
        Check(Native.cn_activation_forward(_relu, State, _hidden, _hidden));
        Check(Native.cn_dropout_forward(_dropout, State, _hidden, _y));
    }

    public override void Backward()
    {
        if (_fused)
        {
            Check(Native.cn_dense_backward(_dense, State, _x, _kernel, _y, _dy, _dx, _dkernel, _dbias));
            return;
        }

        Check(Native.cn_dropout_backward(_dropout, State, _dy, _dhidden));
        Check(Native.cn_activation_backward(_relu, State, 0, _hidden, _dhidden, _dhidden));
        Check(Native.cn_dense_backward(_dense, State, _x, _kernel, _hidden, _dhidden, _dx, _dkernel, _dbias));
    }
}

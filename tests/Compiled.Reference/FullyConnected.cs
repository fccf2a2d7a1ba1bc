namespace Compiled.Reference;

/// <summary>Dense layers: a product over the last axis.</summary>
public static class FullyConnected
{
    public static Tensor Forward(Tensor x, Tensor kernel, Tensor? bias)
    {
        (int inputs, int units) = (kernel.Shape[0], kernel.Shape[1]);
        var y = new Tensor([.. x.Shape.SkipLast(1), units]);
        for (int o = 0; o < y.Count; o++)
        {
            (int row, int unit) = (o / units, o % units);
            double sum = bias?.Values[unit] ?? 0;
            for (int i = 0; i < inputs; i++)
                sum += x.Values[(row * inputs) + i] * kernel.Values[(i * units) + unit];
            y.Values[o] = sum;
        }

        return y;
    }

    public static (Tensor Dx, Tensor Dkernel, Tensor Dbias) Backward(Tensor x, Tensor kernel, Tensor dy)
    {
        (int inputs, int units) = (kernel.Shape[0], kernel.Shape[1]);
        Tensor dx = new(x.Shape), dkernel = new(kernel.Shape), dbias = new([units]);
        for (int o = 0; o < dy.Count; o++)
        {
            (int row, int unit) = (o / units, o % units);
            dbias.Values[unit] += dy.Values[o];
            for (int i = 0; i < inputs; i++)
            {
                dx.Values[(row * inputs) + i] += dy.Values[o] * kernel.Values[(i * units) + unit];
                dkernel.Values[(i * units) + unit] += dy.Values[o] * x.Values[(row * inputs) + i];
            }
        }

        return (dx, dkernel, dbias);
    }
}

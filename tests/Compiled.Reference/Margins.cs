namespace Compiled.Reference;

/// <summary>
/// Rows and columns at the edges of NHWC images: zero padding adds them, cropping takes them away; each is the gradient of the other.
/// </summary>
public sealed record Margins(int Top, int Bottom, int Left, int Right)
{
    public Tensor Pad(Tensor x)
    {
        var y = new Tensor([x.Shape[0], x.Shape[1] + Top + Bottom, x.Shape[2] + Left + Right, x.Last]);
        ForEachCell(y, x, (outer, inner) => y.Values[outer] = x.Values[inner]);
        return y;
    }

    public Tensor PadBackward(Tensor dy) => Crop(dy);

    /// <exception cref="ArgumentException">Nothing would be left.</exception>
    public Tensor Crop(Tensor x)
    {
        if (Top + Bottom >= x.Shape[1] || Left + Right >= x.Shape[2])
            throw new ArgumentException($"{this} leaves nothing of {x.Shape[1]}×{x.Shape[2]}.", nameof(x));
        var y = new Tensor([x.Shape[0], x.Shape[1] - Top - Bottom, x.Shape[2] - Left - Right, x.Last]);
        ForEachCell(x, y, (outer, inner) => y.Values[inner] = x.Values[outer]);
        return y;
    }

    public Tensor CropBackward(Tensor dy) => Pad(dy);

    private void ForEachCell(Tensor outer, Tensor inner, Action<int, int> visit)
    {
        (int height, int width, int channels) = (inner.Shape[1], inner.Shape[2], inner.Last);
        for (int i = 0; i < inner.Count; i++)
        {
            (int channel, int column, int row, int image) =
                (i % channels, i / channels % width, i / channels / width % height, i / channels / width / height);
            visit((((((image * outer.Shape[1]) + row + Top) * outer.Shape[2]) + column + Left) * channels) + channel, i);
        }
    }
}

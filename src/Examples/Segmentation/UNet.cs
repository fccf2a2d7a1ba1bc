namespace Compiled.Examples;

/// <summary>Two convolutions; the first doubles the channels.</summary>
[Block]
[Conv2D(Filters.Twice, 3, Padding = Padding.Same), ReLU, Conv2D(Filters.Same, 3, Padding = Padding.Same), ReLU]
public sealed class Contraction;

/// <summary>Two convolutions behind a join; the first halves the channels.</summary>
[Block]
[Conv2D(Filters.Half, 3, Padding = Padding.Same), ReLU, Conv2D(Filters.Same, 3, Padding = Padding.Same), ReLU]
public sealed class Expansion;

/// <summary>A U-Net (Ronneberger et al., 2015): for every pixel of a grey image, how likely it belongs to an object.</summary>
[Model]
[Input(64, 64, 1)]
[Conv2D(16, 3, Padding = Padding.Same), ReLU, Conv2D(16, 3, Padding = Padding.Same), ReLU(Name = "fine")]
[MaxPooling2D(2), Block<Contraction>(Name = "middle")]
[MaxPooling2D(2), Block<Contraction>(Name = "coarse")]
[UpSampling2D(2), Conv2D(Filters.Half, 2, Padding = Padding.Same), ReLU, Concatenate("middle"), Block<Expansion>]
[UpSampling2D(2), Conv2D(Filters.Half, 2, Padding = Padding.Same), ReLU, Concatenate("fine"), Block<Expansion>]
[Conv2D(1, 1), Sigmoid, BinaryCrossentropy]
public sealed partial class UNet;

/// <summary>The same network with one stage per layer, to compare with.</summary>
[Model(Fusion = Fusion.None)]
[Input(64, 64, 1)]
[Conv2D(16, 3, Padding = Padding.Same), ReLU, Conv2D(16, 3, Padding = Padding.Same), ReLU(Name = "fine")]
[MaxPooling2D(2), Block<Contraction>(Name = "middle")]
[MaxPooling2D(2), Block<Contraction>(Name = "coarse")]
[UpSampling2D(2), Conv2D(Filters.Half, 2, Padding = Padding.Same), ReLU, Concatenate("middle"), Block<Expansion>]
[UpSampling2D(2), Conv2D(Filters.Half, 2, Padding = Padding.Same), ReLU, Concatenate("fine"), Block<Expansion>]
[Conv2D(1, 1), Sigmoid, BinaryCrossentropy]
public sealed partial class UnfusedUNet;

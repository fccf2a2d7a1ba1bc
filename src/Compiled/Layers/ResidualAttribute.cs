namespace Compiled;

/// <summary>The layers of a block with a way past them: the block's input is added to its output (He et al., 2016).</summary>
/// <typeparam name="T">A class with <see cref="BlockAttribute"/>, in the same project.</typeparam>
/// <example>
/// <code>
/// [Block]
/// [Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization, ReLU]
/// [Conv2D(Filters.Same, 3, Padding = Padding.Same, UseBias = false), BatchNormalization]
/// public sealed class BasicBlock;
///
/// [Residual&lt;BasicBlock&gt;(Repeat = 2, Activation = Activation.ReLU)]
/// </code>
/// </example>
public sealed class ResidualAttribute<T> : LayerAttribute
    where T : class
{
    /// <summary>How often block and addition stand there one after the other, from 1 to 1000; 1 by default.</summary>
    public int Repeat { get; set; } = 1;

    /// <summary>
    /// Whether the input passes a convolution of 1×1 without bias, with the strides of the block, and a <see cref="BatchNormalizationAttribute"/>
    /// before it is added: needed where the block changes the shape. False by default.
    /// </summary>
    public bool Projection { get; set; }

    /// <summary>What is applied to each sum; <see cref="Activation.Linear"/> by default.</summary>
    public Activation Activation { get; set; }
}

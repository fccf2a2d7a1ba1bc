namespace Compiled;

/// <summary>
/// A layer of a network. The layers of a class are the layer attributes of the one declaration that carries <see cref="ModelAttribute"/>,
/// in the order in which they stand: Compiled reads it from the source when the program is built.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true, Inherited = false)]
public abstract class LayerAttribute : Attribute
{
    /// <summary>
    /// The name of the layer: of its weights in files, of its member in C#, and what <see cref="From"/> refers to. By default layers are
    /// numbered from 1 by kind: <c>conv2d_1</c>, <c>conv2d_2</c>, <c>dense_1</c> (stand-alone Keras; later ones begin without a number).
    /// </summary>
    public string? Name { get; set; }

    /// <summary>The name of an earlier layer whose output this layer reads, instead of that of the layer before it.</summary>
    public string? From { get; set; }
}

namespace Compiled;

/// <summary>
/// Makes a partial class a trainable network: its layers are the <see cref="LayerAttribute"/>s of the same declaration, and the other half
/// of the class, a <see cref="Model"/>, is written when the program is built.
/// </summary>
/// <example>
/// <code>
/// [Model]
/// [Input(784)]
/// [Dense(128), ReLU]
/// [Dense(10), Softmax, SparseCategoricalCrossentropy]
/// public sealed partial class Digits;
/// </code>
/// </example>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false, Inherited = false)]
public sealed class ModelAttribute : Attribute
{
    /// <summary>How layers are grouped into stages; <see cref="Fusion.Full"/> by default.</summary>
    public Fusion Fusion { get; set; }

    /// <summary>How products are computed; <see cref="Precision.Float32"/> by default.</summary>
    public Precision Precision { get; set; }
}

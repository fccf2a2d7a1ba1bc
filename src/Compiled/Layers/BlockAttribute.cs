namespace Compiled;

/// <summary>
/// Makes the layers of a class a block: a part of networks, which use it by <see cref="BlockAttribute{T}"/> and
/// <see cref="ResidualAttribute{T}"/>. It has no input and no loss; the name <c>input</c> refers to what it is given.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false, Inherited = false)]
public sealed class BlockAttribute : Attribute;

/// <summary>The layers of a block, where they stand.</summary>
/// <typeparam name="T">A class with <see cref="BlockAttribute"/>, in the same project.</typeparam>
/// <remarks>
/// Its layers are named after the block: <c>basic_block_1/conv2d_1</c> in files, <c>BasicBlock1Conv2D1</c> in C#. A layer of the block can
/// refer to others of it only.
/// </remarks>
public sealed class BlockAttribute<T> : LayerAttribute
    where T : class
{
    /// <summary>How often the layers stand there one after the other, from 1 to 1000; 1 by default.</summary>
    public int Repeat { get; set; } = 1;
}

namespace Compiled;

/// <summary>What a window does at the border of an image.</summary>
public enum Padding
{
    /// <summary>Only windows inside the image: the output has floor((extent - window) / stride) + 1 rows or columns.</summary>
    Valid,

    /// <summary>
    /// The output has ceil(extent / stride) rows or columns. Of the padding that this needs, the smaller half stands before the image
    /// (Keras); it is zero to a convolution and absent to a pooling.
    /// </summary>
    Same,
}

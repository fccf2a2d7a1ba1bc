namespace Compiled;

/// <summary>Element types of the safetensors format that Compiled reads and writes.</summary>
public enum TensorType
{
    /// <summary>One byte, 0 or 1 (<c>BOOL</c>).</summary>
    Bool,

    /// <summary>Unsigned 8-bit integer (<c>U8</c>).</summary>
    UInt8,

    /// <summary>Signed 8-bit integer (<c>I8</c>).</summary>
    Int8,

    /// <summary>Signed 16-bit integer (<c>I16</c>).</summary>
    Int16,

    /// <summary>Unsigned 16-bit integer (<c>U16</c>).</summary>
    UInt16,

    /// <summary>IEEE 754 half precision (<c>F16</c>).</summary>
    Float16,

    /// <summary>Brain floating point: the upper half of a float32 (<c>BF16</c>).</summary>
    BFloat16,

    /// <summary>Signed 32-bit integer (<c>I32</c>).</summary>
    Int32,

    /// <summary>Unsigned 32-bit integer (<c>U32</c>).</summary>
    UInt32,

    /// <summary>IEEE 754 single precision (<c>F32</c>).</summary>
    Float32,

    /// <summary>Signed 64-bit integer (<c>I64</c>).</summary>
    Int64,

    /// <summary>Unsigned 64-bit integer (<c>U64</c>).</summary>
    UInt64,

    /// <summary>IEEE 754 double precision (<c>F64</c>).</summary>
    Float64,
}

/// <summary>The names and sizes that safetensors gives its element types.</summary>
internal static class TensorTypes
{
    private static readonly (TensorType Type, string Name, int Bytes)[] All =
    [
        (TensorType.Bool, "BOOL", 1),
        (TensorType.UInt8, "U8", 1),
        (TensorType.Int8, "I8", 1),
        (TensorType.Int16, "I16", 2),
        (TensorType.UInt16, "U16", 2),
        (TensorType.Float16, "F16", 2),
        (TensorType.BFloat16, "BF16", 2),
        (TensorType.Int32, "I32", 4),
        (TensorType.UInt32, "U32", 4),
        (TensorType.Float32, "F32", 4),
        (TensorType.Int64, "I64", 8),
        (TensorType.UInt64, "U64", 8),
        (TensorType.Float64, "F64", 8),
    ];

    public static string Name(TensorType type) => Array.Find(All, entry => entry.Type == type).Name;

    public static int Bytes(TensorType type) => Array.Find(All, entry => entry.Type == type).Bytes;

    public static bool TryParse(string name, out TensorType type)
    {
        int index = Array.FindIndex(All, entry => entry.Name == name);
        type = index < 0 ? default : All[index].Type;
        return index >= 0;
    }
}

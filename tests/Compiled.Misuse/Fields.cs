using System.Reflection;
using System.Runtime.InteropServices;

namespace Compiled.Misuse;

/// <summary>The fields of descriptors as places of memory.</summary>
internal static class Fields
{
    private static readonly long[] Integers =
    [
        0, 1, -1, 2, 3, 4, 5, 7, 8, 16, 31, 254, 255, 256, 1023, 65535, 65536, int.MaxValue - 1L, int.MaxValue, int.MaxValue + 1L,
        uint.MaxValue, 1L << 30, 1L << 40,
        (1L << 50) - 1, 1L << 50, (1L << 50) + 1, 1L << 59, 1L << 60, 1L << 62, long.MaxValue, int.MinValue, long.MinValue,
    ];

    private static readonly double[] Reals =
    [
        0, -0.0, 0.5, 1, -1, 2, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, 1e-38, 1e-45, 0.99999994,
        0.9999999999999999, 1e39, double.MaxValue,
    ];

    /// <summary>A copy of a descriptor with one to four fields changed.</summary>
    public static T Mutate<T>(T description, ref RandomWords random)
        where T : unmanaged
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref description, 1));
        (string Name, int Offset, Type Type)[] fields = [.. Of(typeof(T), 0, "")];
        int changes = 1 + random.Below(4);
        for (int change = 0; change < changes; change++)
        {
            // The size stands first and hides what the other fields would do: it is changed rarely.
            int field = random.Below(fields.Length);
            if (field == 0 && random.Below(4) > 0)
                continue;
            Write(bytes[fields[field].Offset..], fields[field].Type, ref random);
        }

        return description;
    }

    public static string Text<T>(T description)
        where T : unmanaged =>
            string.Join(' ', Of(typeof(T), 0, "").Select(field => $"{field.Name}={Read(description, field.Offset, field.Type)}"));

    private static IEnumerable<(string Name, int Offset, Type Type)> Of(Type type, int offset, string prefix)
    {
        foreach (FieldInfo field in type.GetFields(BindingFlags.Public | BindingFlags.Instance))
        {
            int at = offset + (int)Marshal.OffsetOf(type, field.Name);
            if (field.FieldType.IsPrimitive)
            {
                yield return (prefix + field.Name, at, field.FieldType);
                continue;
            }

            foreach (var inner in Of(field.FieldType, at, $"{prefix}{field.Name}."))
                yield return inner;
        }
    }

    private static void Write(Span<byte> target, Type type, ref RandomWords random)
    {
        // A known trap, a neighbour of what is there, a small number, or anything.
        int way = random.Below(4);
        if (type == typeof(float) || type == typeof(double))
        {
            double real =
                way < 3 ? Reals[random.Below(Reals.Length)] : BitConverter.UInt64BitsToDouble(((ulong)random.Next() << 32) | random.Next());
            if (type == typeof(float))
                MemoryMarshal.Write(target, (float)real);
            else
                MemoryMarshal.Write(target, real);
            return;
        }

        bool wide = type == typeof(long) || type == typeof(ulong);
        long before = wide ? MemoryMarshal.Read<long>(target) : MemoryMarshal.Read<int>(target);
        long value = way switch
        {
            0 => Integers[random.Below(Integers.Length)],
            1 => before + random.Below(5) - 2,
            2 => random.Below(20),
            _ => (long)(((ulong)random.Next() << 32) | random.Next()) >> random.Below(64),
        };
        if (wide)
            MemoryMarshal.Write(target, value);
        else
            MemoryMarshal.Write(target, (int)value);
    }

    private static string Read<T>(T description, int offset, Type type)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref description, 1))[offset..];
        return type.Name switch
        {
            nameof(Single) => $"{MemoryMarshal.Read<float>(bytes):R}",
            nameof(Double) => $"{MemoryMarshal.Read<double>(bytes):R}",
            nameof(Int64) => $"{MemoryMarshal.Read<long>(bytes)}",
            nameof(UInt64) => $"{MemoryMarshal.Read<ulong>(bytes)}",
            nameof(UInt32) => $"{MemoryMarshal.Read<uint>(bytes)}",
            _ => $"{MemoryMarshal.Read<int>(bytes)}",
        };
    }
}

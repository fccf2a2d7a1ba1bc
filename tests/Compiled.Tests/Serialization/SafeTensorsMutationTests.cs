using System.Text;

namespace Compiled.Tests;

/// <summary>A good file, changed at random: it is read or refused with the documented error, in bounded memory.</summary>
public sealed class SafeTensorsMutationTests
{
    private const int Mutations = 200_000;
    private const long MostBytes = 100_000;
    private const int DataBytes = 24 + 24 + 1 + 7;

    /// <summary>What headers are made of: random bytes alone rarely get past the parser of the JSON.</summary>
    private static readonly string[] Words =
    [
        "{", "}", "[", "]", ",", ":", "\"", "\\u0061", "\\ud800", "\0", "null", "true", "-1", "0", "1", "1.5", "1e9",
        "9223372036854775807", "18446744073709551615",
        "99999999999999999999999", "\"a\"", "\"dtype\"", "\"shape\"", "\"data_offsets\"", "\"__metadata__\"", "\"F32\"", "\"F64\"",
        "\"BOOL\"", "\"conv/kernel\"", "{\"a\":", "[[", "  ",
    ];

    [Fact]
    public void Every_mutation_is_read_or_refused()
    {
        byte[] good = Good();
        int read = 0, refused = 0;
        for (int mutation = 0; mutation < Mutations; mutation++)
        {
            var random = new Words32((ulong)mutation);
            byte[] file = Mutate(good, ref random);
            bool isRead = false;
            long allocated = Allocations.Measure(() => isRead = IsRead(file, mutation));
            if (allocated > MostBytes)
                allocated = Allocations.Fewest(() => IsRead(file, mutation));
            Assert.InRange(allocated, 0, MostBytes);
            if (isRead)
                read++;
            else
                refused++;
        }

        // Changes in the data alone break no rule; most of those in the header do.
        Assert.InRange(read, Mutations / 50, Mutations);
        Assert.InRange(refused, Mutations / 2, Mutations);
    }

    /// <summary>Whether a file is read; else it is refused as documented.</summary>
    private static bool IsRead(byte[] file, int mutation)
    {
        try
        {
            RequireSound(SafeTensorsFile.Parse(file, "f"), file.Length);
            return true;
        }
        catch (InvalidDataException fault)
        {
            Assert.InRange(fault.Message.Length, 1, 600);
        }
        catch (Exception fault)
        {
            Assert.Fail($"mutation {mutation}: {fault}\n{Convert.ToBase64String(file)}");
        }

        return false;
    }

    private static byte[] Good()
    {
        var writer = new SafeTensorsWriter();
        writer.AddMetadata("compiled.graph", "Input 4\nDense 3");
        writer.Add("conv/kernel", TensorType.Float32, [2, 3], new byte[24]);
        writer.Add("conv/bias", TensorType.Float64, [3], new byte[24]);
        writer.Add("größe", TensorType.UInt8, [], new byte[1]);
        writer.Add("none", TensorType.Int16, [0, 5], Array.Empty<byte>());
        writer.Add("mask", TensorType.Bool, [7], new byte[7]);
        using var stream = new MemoryStream();
        writer.Write(stream);
        return stream.ToArray();
    }

    private static byte[] Mutate(byte[] good, ref Words32 random)
    {
        List<byte> file = [.. good];
        int changes = 1 + random.Below(3);
        for (int change = 0; change < changes; change++)
        {
            int at = random.Below(file.Count + 1);
            switch (random.Below(6))
            {
                case 0 when at < file.Count:
                    file[at] ^= (byte)(1 << random.Below(8));
                    break;
                case 1 when at < file.Count:
                    file[at] = (byte)random.Below(256);
                    break;
                case 2:
                    file.RemoveRange(at, Math.Min(random.Below(20), file.Count - at));
                    break;
                case 3:
                    file.RemoveRange(at, file.Count - at);
                    break;
                case 4:
                    file.InsertRange(at, file.GetRange(at / 2, Math.Min(random.Below(40), file.Count - at / 2)));
                    break;
                default:
                    Replace(file, at, Encoding.UTF8.GetBytes(Words[random.Below(Words.Length)]), random.Below(2) == 0);
                    break;
            }
        }

        // Half of the files get the length that their header has now, so that the header is what is judged.
        if (random.Below(2) == 0 && file.Count >= 8)
            SetHeaderLength(file, Math.Max(0, file.Count - sizeof(long) - DataBytes));
        return [.. file];
    }

    private static void Replace(List<byte> file, int at, byte[] word, bool overwrite)
    {
        if (overwrite)
            file.RemoveRange(at, Math.Min(word.Length, file.Count - at));
        file.InsertRange(at, word);
    }

    private static void SetHeaderLength(List<byte> file, long length)
    {
        file.RemoveRange(0, sizeof(long));
        file.InsertRange(0, BitConverter.GetBytes(length));
    }

    /// <summary>Whatever was accepted: names are unique, the data covers the file without holes, and every tensor can be reached.</summary>
    private static void RequireSound(SafeTensorsFile file, int length)
    {
        long end = 0;
        Assert.Equal(file.Tensors.Count, file.Tensors.Select(tensor => tensor.Name).Distinct(StringComparer.Ordinal).Count());
        foreach (SafeTensor tensor in file.Tensors)
        {
            Assert.Equal(end, tensor.Offset);
            Assert.Equal(tensor.Length, file.Data(tensor).Length);
            Assert.Equal(
                tensor.Length, tensor.Shape.Aggregate((long)TensorTypes.Bytes(tensor.Type), (product, extent) => product * extent));
            end += tensor.Length;
        }

        Assert.InRange(end, 0, length - 8);
    }

    private struct Words32(ulong seed)
    {
        private ulong _next;

        public int Below(int limit) => (int)(((ulong)Philox.Word(seed, 0xF002, 0, _next++) * (ulong)limit) >> 32);
    }
}

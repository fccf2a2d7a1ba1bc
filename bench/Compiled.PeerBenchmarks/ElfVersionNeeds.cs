using System.Buffers.Binary;
using System.Text;

namespace Compiled.PeerBenchmarks;

/// <summary>The versions of other libraries' symbols that a 64-bit little-endian ELF file asks for (section .gnu.version_r).</summary>
internal sealed class ElfVersionNeeds
{
    private const uint SectionOfNeeds = 0x6FFFFFFE; // SHT_GNU_verneed
    private const ushort Weak = 2;                  // VER_FLG_WEAK
    private readonly byte[] _file;

    private ElfVersionNeeds(byte[] file)
    {
        _file = file;
    }

    public static ElfVersionNeeds Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        if (file is not [0x7F, (byte)'E', (byte)'L', (byte)'F', 2, 1, ..])
            throw new InvalidDataException($"'{path}' is no 64-bit little-endian ELF file.");
        return new ElfVersionNeeds(file);
    }

    public void Write(string path)
    {
        // Beside the file and over it: the build may have made it a link into the package cache, which has to stay as it is.
        string temporary = path + ".new";
        File.WriteAllBytes(temporary, _file);
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>
    /// Has the loader accept that a version is not there. True when the file asks for the version and did not say so yet.
    /// </summary>
    public bool MakeWeak(string version)
    {
        bool changed = false;
        foreach (int section in Sections().Where(section => UInt32(section + 4) == SectionOfNeeds))
        {
            int strings = Offset(Section((int)UInt32(section + 40)));
            foreach (int entry in Entries(Offset(section), count: (int)UInt32(section + 44)))
            {
                if (Text(strings + (int)UInt32(entry + 8)) != version || (UInt16(entry + 4) & Weak) != 0)
                    continue;
                BinaryPrimitives.WriteUInt16LittleEndian(_file.AsSpan(entry + 4), (ushort)(UInt16(entry + 4) | Weak));
                changed = true;
            }
        }

        return changed;
    }

    private IEnumerable<int> Sections() => Enumerable.Range(0, UInt16(60)).Select(Section);

    private int Section(int index) => checked((int)UInt64(40)) + index * UInt16(58);

    private int Offset(int section) => checked((int)UInt64(section + 24));

    /// <summary>The versions (Vernaux) below each of the libraries (Verneed).</summary>
    private IEnumerable<int> Entries(int library, int count)
    {
        for (int i = 0; i < count; i++, library += (int)UInt32(library + 12))
        {
            int entry = library + (int)UInt32(library + 8);
            for (int j = 0; j < UInt16(library + 2); j++, entry += (int)UInt32(entry + 12))
                yield return entry;
        }
    }

    private ushort UInt16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_file.AsSpan(at));

    private uint UInt32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_file.AsSpan(at));

    private ulong UInt64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_file.AsSpan(at));

    private string Text(int at) => Encoding.ASCII.GetString(_file.AsSpan(at)[.._file.AsSpan(at).IndexOf((byte)0)]);
}

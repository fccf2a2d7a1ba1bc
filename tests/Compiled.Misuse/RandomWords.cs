namespace Compiled.Misuse;

/// <summary>Random numbers of a case: the same in every run.</summary>
internal struct RandomWords(ulong seed)
{
    private ulong _next;

    public uint Next() => Philox.Word(seed, 0xF005, 0, _next++);

    public int Below(int limit) => (int)(((ulong)Next() * (ulong)limit) >> 32);
}

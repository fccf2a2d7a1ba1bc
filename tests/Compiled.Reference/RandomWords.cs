namespace Compiled.Reference;

/// <summary>Philox4x32-10 (Salmon et al., 2011), written for reading.</summary>
public static class RandomWords
{
    /// <summary>The four words that belong to a counter and a key.</summary>
    public static uint[] Block(IReadOnlyList<uint> counter, IReadOnlyList<uint> key)
    {
        uint[] words = [.. counter];
        for (uint round = 0; round < 10; round++)
        {
            ulong even = 0xD2511F53UL * words[0], odd = 0xCD9E8D57UL * words[2];
            uint evenKey = key[0] + (round * 0x9E3779B9u), oddKey = key[1] + (round * 0xBB67AE85u);
            words = [(uint)(odd >> 32) ^ words[1] ^ evenKey, (uint)odd, (uint)(even >> 32) ^ words[3] ^ oddKey, (uint)even];
        }

        return words;
    }
}

using System.Runtime.CompilerServices;

namespace Compiled;

/// <summary>
/// Philox4x32-10 (Salmon et al., 2011), the source of all randomness: initial weights, dropout masks, shuffling. A number is a function of
/// seed, stream, step and position alone, so it is the same on every device, for any number of threads, and after a resumed run.
/// </summary>
public static class Philox
{
    private const int Rounds = 10;

    /// <summary>One block: a bijection of the counter for each key.</summary>
    /// <param name="counter">The four words of the counter.</param>
    /// <param name="key">The two words of the key.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (uint W0, uint W1, uint W2, uint W3) Block((uint W0, uint W1, uint W2, uint W3) counter, (uint W0, uint W1) key)
    {
        (uint c0, uint c1, uint c2, uint c3) = counter;
        (uint k0, uint k1) = key;
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = 0xD2511F53UL * c0;
            ulong product1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ k1, (uint)product0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }

        return (c0, c1, c2, c3);
    }

    /// <summary>The word of a stream at a position.</summary>
    /// <param name="seed">The key.</param>
    /// <param name="stream">Which stream, below 65,536.</param>
    /// <param name="step">Which step; its upper 16 bits are not used.</param>
    /// <param name="element">The position.</param>
    public static uint Word(ulong seed, uint stream, ulong step, ulong element)
    {
        ulong block = element / 4;
        uint last = stream + ((uint)(step >> 32) << 16);
        var words = Block(((uint)block, (uint)(block >> 32), (uint)step, last), ((uint)seed, (uint)(seed >> 32)));
        return (element % 4) switch
        {
            0 => words.W0,
            1 => words.W1,
            2 => words.W2,
            _ => words.W3,
        };
    }

    /// <summary>A number of a stream, uniform in [0, 1): the upper 24 bits of the word over 2²⁴, exact in float.</summary>
    /// <param name="seed">The key.</param>
    /// <param name="stream">Which stream, below 65,536.</param>
    /// <param name="step">Which step; its upper 16 bits are not used.</param>
    /// <param name="element">The position.</param>
    public static float Uniform(ulong seed, uint stream, ulong step, ulong element) =>
        (Word(seed, stream, step, element) >> 8) * (1f / (1 << 24));
}

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Compiled.Interop;

namespace Compiled.Misuse;

/// <summary>The C interface as a careless caller sees it.</summary>
internal static class Abi
{
    public delegate int Create<T>(nint context, in T description, out nint op);

    private const int Ok = 0;
    private const int Internal = 5;

    private static readonly InstructionSet[] InstructionSets = FindInstructionSets();

    /// <summary>Makes a context; others have other instruction sets, as far as this machine and build have them.</summary>
    public static nint Context(int threads = 1, int instructionSet = 0)
    {
        cn_context_desc desc = Describe<cn_context_desc>();
        desc.threads = threads;
        desc.instruction_set = (int)InstructionSets[instructionSet % InstructionSets.Length];
        Accepted(Native.cn_context_create(in desc, out nint context));
        return context;
    }

    /// <summary>A descriptor of zeros, but for its size, which every descriptor begins with.</summary>
    public static T Describe<T>()
        where T : unmanaged
    {
        T desc = default;
        Unsafe.As<T, uint>(ref desc) = (uint)Unsafe.SizeOf<T>();
        return desc;
    }

    public static string LastError() => Marshal.PtrToStringUTF8(Native.cn_last_error())!;

    public static void Accepted(int status) => Expect.That(status == Ok, $"success instead of status {status}: {LastError()}");

    /// <summary>A refusal has a documented status other than an internal fault, and a reason that begins with the function.</summary>
    public static void Refused(int status, string what)
    {
        Expect.That(status is > Ok and < Internal, $"{what} to be refused, not status {status}");
        Expect.That(LastError().StartsWith("cn_", StringComparison.Ordinal), $"a reason for {what}, not '{LastError()}'");
    }

    /// <summary>Has the runtime find the library, and keeps no handle.</summary>
    private static InstructionSet[] FindInstructionSets()
    {
        List<InstructionSet> found = [];
        foreach (InstructionSet set in Enum.GetValues<InstructionSet>())
        {
            try
            {
                Device.Cpu(threads: 1, set).Dispose();
                found.Add(set);
            }
            catch (CompiledException fault) when (fault.Status == CompiledStatus.Unsupported)
            {
            }
        }

        return [.. found];
    }

    /// <summary>Whether the call was accepted; any other status must be a proper refusal.</summary>
    public static bool IsAccepted(int status, string what)
    {
        if (status != Ok)
            Refused(status, what);
        return status == Ok;
    }
}

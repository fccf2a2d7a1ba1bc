using Compiled.Interop;

namespace Compiled.Misuse;

/// <summary>Descriptors of contexts, changed at random.</summary>
internal static class MutatedContexts
{
    private const int Mutations = 2000;

    public static void Run()
    {
        _ = Abi.Context();
        int created = 0;
        for (int mutation = 0; mutation < Mutations; mutation++)
        {
            var random = new RandomWords((ulong)mutation);
            cn_context_desc desc = Fields.Mutate(Abi.Describe<cn_context_desc>() with { threads = 1 }, ref random);
            // A thousand threads are allowed, but take their time.
            if (desc.threads is > 8 and <= 1024)
                desc.threads = 8;
            if (!Abi.IsAccepted(Native.cn_context_create(in desc, out nint context), Fields.Text(desc)))
                continue;
            created++;
            Abi.Accepted(Native.cn_op_destroy(OpKind.All[4].CreateValid(context)));
            Abi.Accepted(Native.cn_context_destroy(context));
        }

        Console.WriteLine($"{created} of {Mutations} created");
        Expect.That(created is > Mutations / 20 and < Mutations, "mutations of both sorts, wrong ones and right ones");
    }
}

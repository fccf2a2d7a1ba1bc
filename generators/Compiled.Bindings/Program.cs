using System.Globalization;

namespace Compiled.Bindings;

/// <summary>
/// Writes src/Compiled/Interop/Native.g.cs, the C# face of native/include/compiled.h. Run it after every change of the header and check in
/// what it wrote; a test that needs neither CppSharp nor clang compares the two. Where the package CppSharp cannot be had, give
/// <c>dotnet run</c> the option -p:CppSharpDir=DIR (see the project file).
/// </summary>
internal static class Program
{
    private const string Usage =
        """
        Usage: dotnet run --project generators/Compiled.Bindings -- [--check]

        Writes src/Compiled/Interop/Native.g.cs from native/include/compiled.h.

          --check    write nothing; the exit status is 1 when the file would change
        """;

    private static int Main(string[] arguments)
    {
        try
        {
            switch (arguments)
            {
                case []:
                    return Write();
                case ["--check"]:
                    return Check();
                case ["--help" or "-h"]:
                    Console.WriteLine(Usage);
                    return 0;
                default:
                    Console.Error.WriteLine(Usage);
                    return 1;
            }
        }
        catch (Exception fault) when (fault is BindingsException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(fault.Message);
            return 1;
        }
    }

    private static int Write()
    {
        var repository = Repository.Find();
        File.WriteAllText(repository.Bindings, Binder.Bind(repository.Header));
        Console.WriteLine($"Wrote {repository.Bindings}");
        return 0;
    }

    private static int Check()
    {
        var repository = Repository.Find();
        string expected = Binder.Bind(repository.Header);
        // A checkout may have changed the line ends.
        string found = File.Exists(repository.Bindings) ? File.ReadAllText(repository.Bindings).ReplaceLineEndings("\n") : "";
        if (found == expected)
        {
            Console.WriteLine($"{repository.Bindings} is up to date.");
            return 0;
        }

        string line = FirstDifference(found, expected);
        Console.Error.WriteLine($"{repository.Bindings} is out of date from line {line} on: run this without --check.");
        return 1;
    }

    private static string FirstDifference(string found, string expected)
    {
        string[] left = found.Split('\n'), right = expected.Split('\n');
        int same = left.Zip(right).TakeWhile(pair => pair.First == pair.Second).Count();
        return (same + 1).ToString(CultureInfo.InvariantCulture);
    }
}

namespace Compiled.Bindings;

/// <summary>Where the two files lie.</summary>
/// <param name="Header">The C header that is read.</param>
/// <param name="Bindings">The C# file that is written.</param>
internal sealed record Repository(string Header, string Bindings)
{
    /// <summary>The repository that this program was built in, whatever the current directory is.</summary>
    /// <exception cref="BindingsException">There is none above the program.</exception>
    public static Repository Find()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder != null; folder = folder.Parent)
        {
            string header = Path.Combine(folder.FullName, "native", "include", "compiled.h");
            if (File.Exists(header))
                return new Repository(header, Path.Combine(folder.FullName, "src", "Compiled", "Interop", "Native.g.cs"));
        }

        throw new BindingsException($"No native/include/compiled.h in {AppContext.BaseDirectory} or above.");
    }
}

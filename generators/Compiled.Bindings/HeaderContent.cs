using System.Security.Cryptography;
using System.Text;
using CppSharp.AST;

namespace Compiled.Bindings;

/// <summary>What the header declares, each kind in the header's order.</summary>
internal sealed record HeaderContent(
    string Sha256, string AbiVersion, IReadOnlyList<Enumeration> Enums, IReadOnlyList<Class> Structs, IReadOnlyList<Function> Functions)
{
    /// <summary>The name of the macro with the version of the interface.</summary>
    public const string VersionMacro = "CN_ABI_VERSION";

    public static HeaderContent Read(TranslationUnit unit)
    {
        string version = unit.PreprocessedEntities.OfType<MacroDefinition>().FirstOrDefault(macro => macro.Name == VersionMacro)?.Expression
            ?? throw new BindingsException($"{unit.FilePath} does not define {VersionMacro}.");
        Class[] structs = InOrder(unit.Classes.Where(type => !type.IsIncomplete));
        Function[] functions = InOrder(unit.Functions);
        if (structs.Length == 0 || functions.Length == 0)
            throw new BindingsException($"{unit.FilePath} has {structs.Length} structs and {functions.Length} functions: was it read?");
        return new HeaderContent(Hash(unit.FilePath), version, InOrder(unit.Enums), structs, functions);
    }

    private static T[] InOrder<T>(IEnumerable<T> declarations)
        where T : Declaration => [.. declarations.OrderBy(declaration => declaration.LineNumberStart)];

    // With line feeds as line ends, whatever the checkout made of them.
    private static string Hash(string path) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(File.ReadAllText(path).ReplaceLineEndings("\n"))));
}

using CppSharp.AST;
using CppSharp.Generators;

namespace Compiled.Bindings;

/// <summary>
/// The kind of generator that CppSharp is asked for. Its own C# is made for C++ classes: it wraps structs in heap objects, turns float*
/// into ref float, and needs a library at run time.
/// </summary>
internal sealed class BindingsGenerator(BindingContext context) : Generator(context)
{
    public static readonly GeneratorKind Kind =
        new("CompiledBindings", "Blittable C#", typeof(BindingsGenerator), typeof(NotImplementedTypePrinter));

    public override bool SetupPasses() => true;

    public override List<CodeGenerator> Generate(IEnumerable<TranslationUnit> units) =>
        [.. units.Select(unit => new NativeFile(Context, HeaderContent.Read(unit)))];
}

namespace Compiled.Generators;

/// <summary>A call of the native library; each address goes by the name of its parameter in compiled.h.</summary>
/// <param name="Function">The function.</param>
/// <param name="Op">The field that holds the op.</param>
/// <param name="Reads">What it reads, as arguments.</param>
/// <param name="Writes">What it writes, as arguments.</param>
internal sealed record NativeCall(string Function, string Op, string Reads, string Writes)
{
    /// <summary>Writes the statement, on two lines where one would be too long: what is read, what is written.</summary>
    public void Write(CodeWriter writer)
    {
        string line = $"Check({Function}({Op}, State, {Reads}, {Writes}));";
        if (writer.Fits(line))
        {
            writer.Line(line);
            return;
        }

        writer.Line($"Check({Function}(");
        writer.Line($"    {Op}, State, {Reads},");
        writer.Line($"    {Writes}));");
    }
}

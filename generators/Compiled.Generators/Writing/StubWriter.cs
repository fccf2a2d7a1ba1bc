namespace Compiled.Generators;

/// <summary>
/// The other half of a model whose declaration has errors: enough that the compiler complains of nothing else. The program cannot be built, so
/// it never runs.
/// </summary>
internal static class StubWriter
{
    public static string Write(ModelSpec spec)
    {
        string name = ModelReader.Escape(spec.Name);
        var writer = new CodeWriter();
        FileFrame.Open(writer, spec);
        writer.Line("/// <summary>Not generated: the declaration of the network has errors.</summary>");
        writer.Line($"partial class {name} : global::Compiled.Model");
        writer.Open();
        writer.Line($"public {name}(global::Compiled.Device? device = null, int batchSize = 32, ulong seed = 0)");
        writer.Line("    : base(null!, device, batchSize, seed)");
        writer.Open();
        writer.Close();
        foreach (string pass in new[] { "ForwardCore", "BackwardCore", "PredictCore", "EvaluateCore" })
        {
            writer.Line();
            writer.Line($"protected override void {pass}() => throw new global::System.InvalidOperationException(\"The declaration of '{spec.Name}' has errors.\");");
        }

        writer.Close();
        FileFrame.Close(writer, spec);
        return writer.ToString();
    }
}

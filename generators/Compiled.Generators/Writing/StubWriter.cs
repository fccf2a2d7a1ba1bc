namespace Compiled.Generators;

/// <summary>
/// The other half of a model whose declaration has errors: enough that the compiler complains of nothing else. It runs only where
/// analyzers are switched off, and then says so.
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
        writer.Line("private static global::Compiled.ModelPlan s_plan =>");
        writer.Line(
            "    throw new global::System.InvalidOperationException(" +
            $"\"The declaration of '{spec.Name}' has errors: build it with analyzers to see them.\");");
        writer.Line();
        writer.Line($"public {name}(global::Compiled.Device? device = null, int batchSize = 32, ulong seed = 0)");
        writer.Line("    : base(s_plan, device, batchSize, seed)");
        writer.Open();
        writer.Close();
        foreach ((string member, string type) in StubWeights.Of(spec))
        {
            writer.Line();
            writer.Line($"public global::Compiled.{type} {member} => default;");
        }

        foreach (string pass in MemberNames.Passes)
        {
            writer.Line();
            writer.Line($"protected override void {pass}()");
            writer.Open();
            writer.Close();
        }

        writer.Close();
        FileFrame.Close(writer, spec);
        return writer.ToString();
    }
}

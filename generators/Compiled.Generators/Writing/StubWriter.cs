using System.Collections.Generic;
using System.Linq;

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
        foreach ((string member, string type) in Weights(spec))
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

    /// <summary>The members for weights and their types, as far as the layers can be read.</summary>
    private static IEnumerable<(string Member, string Type)> Weights(ModelSpec spec)
    {
        var names = new LayerNames();
        var members = new MemberNames(spec.Name);
        for (int i = 0; i < spec.Layers.Count; i++)
        {
            if (LayerKinds.Find(spec.Layers[i].Kind) is not { } kind)
                continue;
            var arguments = new LayerArguments(spec.Layers[i], i, kind.Name, new IssueList());
            Operation operation = kind.Read(arguments)[0];
            string name = names.Next(arguments, operation.BaseName);
            if (operation.WeightsType is not { } type || !LayerNames.IsName(name))
                continue;
            string member = members.Next(name);
            if (!spec.Members.Contains(member))
                yield return (member, type);
        }
    }
}

using System.Collections.Generic;
using System.Linq;

namespace Compiled.Generators;

/// <summary>How joins are called: the native ops take up to four inputs, those that there are not being null.</summary>
internal static class JoinCode
{
    public const int MaxInputs = 4;

    public static void WriteInputs(CodeWriter writer, StagePlan stage)
    {
        int count = stage.Stage.Inputs.Count;
        writer.Line($"inputs = {count},");
        if (stage.Stage.HasBackward)
            writer.Line(string.Concat(Enumerable.Range(0, count).Select(i => $"gradient_{i} = {stage.GradientModeOf(i)}, ")).TrimEnd());
    }

    public static string Arguments(string name, IReadOnlyList<long> offsets) =>
        string.Join(", ", Enumerable.Range(0, MaxInputs).Select(i => $"{name}{i}: {StagePlan.Value(i < offsets.Count ? offsets[i] : -1)}"));
}

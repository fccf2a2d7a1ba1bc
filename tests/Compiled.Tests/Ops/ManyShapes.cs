using CsCheck;

namespace Compiled.Tests;

/// <summary>Two thousand drawn shapes of an op on all instruction sets, and two hundred of them on CUDA, whose simulator takes its time.</summary>
internal static class ManyShapes
{
    private const int Groups = 200;
    private const int PerGroup = 10;

    /// <param name="shapes">What is drawn.</param>
    /// <param name="run">What is done with it: with (context, its name, what was drawn).</param>
    public static void OnEachTarget<T>(this Gen<T> shapes, Action<NativeContext, string, T> run) => shapes.Array[PerGroup].Sample(
        drawn =>
        {
            foreach (Target target in Target.All)
            {
                using var context = new NativeContext(target, threads: 2);
                foreach (T shape in target.Kind == DeviceKind.Cpu ? drawn : [drawn[0]])
                    run(context, $"{target}, {shape}", shape);
            }
        },
        Groups);
}

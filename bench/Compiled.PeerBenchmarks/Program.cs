namespace Compiled.PeerBenchmarks;

/// <summary>The same network in TorchSharp, fused and unfused, side by side.</summary>
internal static class Program
{
    // What this program is asked to do when it starts itself.
    public const string FirstStepMode = "first-step";
    public const string ServeMode = "serve";
    public const string ParityMode = "parity";

    private static int Main(string[] arguments)
    {
        try
        {
            switch (arguments)
            {
                case [FirstStepMode, string name, .. string[] rest]:
                    Worker.FirstStep(name, Options.Parse(rest));
                    return 0;
                case [ServeMode, string name, .. string[] rest]:
                    Worker.Serve(name, Options.Parse(rest));
                    return 0;
                case [ParityMode, _, .. string[] rest]:
                    Worker.Parity(Options.Parse(rest));
                    return 0;
                case [.., "--help" or "-h"]:
                    Console.WriteLine(Options.Usage);
                    return 0;
                default:
                    Compare(Options.Parse(arguments));
                    return 0;
            }
        }
        catch (Exception fault) when (fault is FormatException or InvalidOperationException or IOException)
        {
            Console.Error.WriteLine(fault.Message);
            return 1;
        }
    }

    private static void Compare(Options options)
    {
        var comparison = new Comparison(options, TorchLoader.Prepare());
        double parity = comparison.MeasureParity();
        var report = new Report(options, parity, comparison.Measure());
        report.Print(Console.Out);
        Console.WriteLine($"Written to {report.Write()}");
    }
}

using System.CommandLine;
using System.Text;

namespace Compiled.Examples;

/// <summary>Trains a U-Net to find the discs in drawn scenes.</summary>
internal static class Program
{
    private const int TrainingScenes = 256;
    private const int TestScenes = 64;

    private static int Main(string[] arguments)
    {
        Console.OutputEncoding = Encoding.UTF8;
        Option<int> epochs = new("--epochs") { Description = "Passes over the scenes.", DefaultValueFactory = _ => 5, HelpName = "n" };
        Option<ulong> seed = new("--seed") { Description = "Of weights and the order of the scenes.", DefaultValueFactory = _ => 0, HelpName = "n" };
        Option<bool> unfused = new("--unfused") { Description = "The same network with one stage per layer." };
        epochs.Validators.Add(result =>
        {
            if (result.Tokens.Count == 0 || (int.TryParse(result.Tokens[0].Value, out int value) && value < 1))
                result.AddError("--epochs must be at least 1.");
        });
        var command = new RootCommand("Trains a U-Net to find the discs among the bars of drawn scenes.") { epochs, seed, unfused };
        command.SetAction(result => Train(result.GetValue(epochs), result.GetValue(seed), result.GetValue(unfused)));
        return command.Parse(arguments).Invoke();
    }

    private static void Train(int epochs, ulong seed, bool isUnfused)
    {
        const int BatchSize = 16;
        using Model net = isUnfused ? new UnfusedUNet(Device.Default, BatchSize, seed) : new UNet(Device.Default, BatchSize, seed);
        Console.WriteLine($"{net.Summary()}\n");
        net.Fit(
            DrawnScenes.Create(TrainingScenes, seed: 1), new Adam(1e-3), epochs, DrawnScenes.Create(TestScenes, seed: 2), callbacks: [new Lines()]);
    }

    private sealed class Lines : Callback
    {
        public override void OnEpochEnd(Model model, EpochResult result) => Console.WriteLine(
            $"epoch {result.Epoch}   loss {result.Loss:F4}   accuracy {result.Accuracy:F4}   val_loss {result.Validation?.Loss:F4}   " +
            $"val_accuracy {result.Validation?.Accuracy:F4}   {result.Time.TotalSeconds:F1} s");
    }
}

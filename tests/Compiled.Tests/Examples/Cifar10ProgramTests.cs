namespace Compiled.Tests;

/// <summary>The example as its users start it: options, files, exit codes.</summary>
public sealed class Cifar10ProgramTests : IDisposable
{
    private const string Program = "Cifar10";
    private const int Failed = 1;
    private const int Interrupted = 130;
    private const string Devices = "--device must be auto, cpu, cuda, or cuda:N with the number of a GPU from 0.";

    private readonly TemporaryFolder _folder = new();

    private string Data => _folder["data"];

    private string Output => _folder["run"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Help_names_every_option()
    {
        (int exitCode, string output) = Child.Run(Program, ["--help"]);
        Assert.Equal(0, exitCode);
        Assert.All(
            (string[])["--epochs", "--batch-size", "--learning-rate", "--schedule", "--data", "--device", "--threads", "--seed", "--limit", "--unfused", "--plain", "--output"],
            option => Assert.Contains($"  {option} ", output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--epochs 0", "--epochs must be at least 1.")]
    [InlineData("--epochs x", "Cannot parse argument 'x' for option '--epochs'")]
    [InlineData("--batch-size 0", "--batch-size must be at least 1.")]
    [InlineData("--batch-size 9999999999", "Cannot parse argument '9999999999' for option '--batch-size'")]
    [InlineData("--learning-rate nan", "--learning-rate must be a finite number of at least 0.")]
    [InlineData("--learning-rate -1", "--learning-rate must be a finite number of at least 0.")]
    [InlineData("--learning-rate x", "Cannot parse argument 'x' for option '--learning-rate'")]
    [InlineData("--schedule linear", "Argument 'linear' not recognized. Must be one of:")]
    [InlineData("--threads 1025", "--threads must be from 0 to 1024.")]
    [InlineData("--limit 0", "--limit must be at least 1.")]
    [InlineData("--limit x", "Cannot parse argument 'x' for option '--limit'")]
    [InlineData("--seed -1", "Cannot parse argument '-1' for option '--seed'")]
    [InlineData("--device gpu", Devices)]
    [InlineData("--device cuda:", Devices)]
    [InlineData("--device cuda:-1", Devices)]
    [InlineData("--device cuda:+1", Devices)]
    [InlineData("--device cuda:99999999999", Devices)]
    [InlineData("--device CUDA", Devices)]
    [InlineData("--output ", "--output must be the name of a directory.")]
    [InlineData("--bogus", "Unrecognized command or argument '--bogus'.")]
    [InlineData("more", "Unrecognized command or argument 'more'.")]
    [InlineData("--epochs", "Required argument missing for option: '--epochs'.")]
    public void A_wrong_option_is_named_and_the_usage_shown(string arguments, string message)
    {
        (int exitCode, string output) = Child.Run(Program, arguments.Split(' '));
        Assert.Equal(Failed, exitCode);
        Assert.Contains(message, output, StringComparison.Ordinal);
        Assert.Contains("Usage:", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_leaves_the_weights_and_the_history()
    {
        CifarFiles.Write(Data, records: 16);
        (int exitCode, string output) = Run("--epochs", "2", "--limit", "64");
        Assert.True(exitCode == 0, output);
        Assert.Contains($"data     CIFAR-10 in {Data} · 64 training and 16 test images, 32×32×3, 10 classes", output, StringComparison.Ordinal);
        Assert.Contains("Cifar10Net: 32×32×3 -> 10", output, StringComparison.Ordinal);
        Assert.Contains("epoch 2/2 ", output, StringComparison.Ordinal);
        Assert.Contains("test     loss ", output, StringComparison.Ordinal);
        Assert.Contains($"written  {Output}", output, StringComparison.Ordinal);

        ExpectFiles("best.safetensors", "history.csv", "last.safetensors");
        string[] table = File.ReadAllLines(Path.Combine(Output, "history.csv"));
        Assert.Equal("epoch,loss,accuracy,val_loss,val_accuracy,images_per_second,seconds", table[0]);
        Assert.Equal(["1", "2"], table.Skip(1).Select(line => line.Split(',')[0]));
        Assert.All(table.Skip(1), line => Assert.Equal(7, line.Split(',').Length));
        foreach (string name in (string[])["best.safetensors", "last.safetensors"])
        {
            SafeTensorsFile file = SafeTensorsFile.Open(Path.Combine(Output, name));
            Assert.Equal(1_250_858, file.Tensors.Sum(tensor => tensor.Length / sizeof(float)));
            Assert.Equal([3, 3, 3, 32], file.Find("conv2d_1/kernel")!.Shape);
        }
    }

    [Fact]
    public void Threads_and_a_second_run_change_no_bit()
    {
        CifarFiles.Write(Data, records: 8);
        (int exitCode, string output) = Run("--epochs", "1", "--seed", "7", "--batch-size", "16");
        Assert.True(exitCode == 0, output);
        byte[] weights = File.ReadAllBytes(Path.Combine(Output, "last.safetensors"));
        (exitCode, output) = Run("--epochs", "1", "--seed", "7", "--batch-size", "16", "--threads", "3");
        Assert.True(exitCode == 0, output);
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(Output, "last.safetensors")));
        Assert.Contains("3 threads (asked for by --device or --threads)", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_learning_rate_falls_along_a_cosine_unless_it_is_to_stay()
    {
        CifarFiles.Write(Data, records: 8);
        byte[] unsaid = Weights(), falling = Weights("--schedule", "cosine"), constant = Weights("--schedule", "constant");
        Assert.Equal(unsaid, falling);
        Assert.NotEqual(unsaid, constant);

        byte[] Weights(params string[] schedule)
        {
            (int exitCode, string output) = Run(["--epochs", "1", "--batch-size", "16", .. schedule]);
            Assert.True(exitCode == 0, output);
            return File.ReadAllBytes(Path.Combine(Output, "last.safetensors"));
        }
    }

    [Fact]
    public void The_unfused_network_runs_too()
    {
        CifarFiles.Write(Data, records: 2);
        (int exitCode, string output) = Run("--epochs", "1", "--unfused");
        Assert.True(exitCode == 0, output);
        Assert.Contains("UnfusedCifar10Net: 32×32×3 -> 10", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gpu_that_cannot_be_used_is_an_error()
    {
        string library = Path.Combine(_folder.Path, "missing.so");
        (int exitCode, string output) = Child.Run(Program, ["--device", "cuda"], ("COMPILED_CUDA_LIBRARY", library));
        Assert.Equal(Failed, exitCode);
        Assert.Contains($"'{library}'", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_gpu_that_is_named_is_the_one_that_is_asked_for()
    {
        Assert.SkipUnless(Target.HasCuda || CudaTests.IsNamed, "There is no CUDA device here.");
        // With --device the environment has no say.
        (int exitCode, string output) = Child.Run(Program, ["--device", "cuda:1000"], ("COMPILED_DEVICE", "cpu"));
        Assert.Equal(Failed, exitCode);
        Assert.Contains("ordinal is 1000: this machine has ", output, StringComparison.Ordinal);
        CifarFiles.Write(Data, records: 2);
        (exitCode, output) = Child.Run(
            Program, ["--device", "cuda", "--data", Data, "--output", Output, "--limit", "1", "--epochs", "1", "--batch-size", "1"], ("COMPILED_DEVICE", "cuda:1000"));
        Assert.True(exitCode == 0, output);
        Assert.Contains("compute capability", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cuda: 1")]
    [InlineData("cuda:1 ")]
    [InlineData("cuda:+1")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:")]
    [InlineData("gpu")]
    [InlineData(" cpu")]
    public void An_environment_that_names_no_device_is_an_error(string device)
    {
        (int exitCode, string output) = Child.Run(Program, [], ("COMPILED_DEVICE", device));
        Assert.Equal(Failed, exitCode);
        Assert.Contains(
            $"COMPILED_DEVICE is '{device}': it must be auto, cpu, cuda, or cuda:N with the number of a GPU from 0.", output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_without_the_data_is_an_error()
    {
        Directory.CreateDirectory(Data);
        ExpectFailure(Run(), $"'{Data}' holds no CIFAR-10: ");
        Assert.False(Directory.Exists(Output));
    }

    [Fact]
    public void A_damaged_file_is_named()
    {
        CifarFiles.Write(Data, records: 2);
        string path = Path.Combine(Data, "data_batch_2.bin");
        File.WriteAllBytes(path, CifarFiles.Records(3)[..7000]);
        ExpectFailure(Run(), $"'{path}' is damaged: record 2 (byte 6,146) has 854 bytes; records are 3,073 bytes.");
    }

    [Fact]
    public void An_output_that_is_a_file_is_an_error()
    {
        CifarFiles.Write(Data, records: 2);
        File.WriteAllText(Output, "");
        ExpectFailure(Run("--epochs", "1"), Output);
    }

    [Fact]
    public void Too_large_a_batch_is_an_error_that_names_the_bytes()
    {
        CifarFiles.Write(Data, records: 2);
        ExpectFailure(Run("--batch-size", "2147483647"), "'Cifar10Net' needs ");
    }

    [Fact]
    public void A_missing_native_library_is_an_error_with_a_remedy()
    {
        (int exitCode, string output) = Child.Run(Program, ["--data", Data], ("COMPILED_NATIVE_DIR", _folder.Path));
        ExpectFailure((exitCode, output), "name its directory in COMPILED_NATIVE_DIR");
    }

    [Fact]
    public void A_loss_that_is_no_number_ends_the_run()
    {
        CifarFiles.Write(Data, records: 16);
        (int exitCode, string output) = Run("--epochs", "9", "--learning-rate", "1e30");
        Assert.Equal(Failed, exitCode);
        Assert.Contains("stopped  the loss of epoch 1 is not finite: try a smaller --learning-rate", output, StringComparison.Ordinal);
        ExpectFiles("history.csv", "last.safetensors");
        Assert.EndsWith("last.safetensors, history.csv", output.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Interrupting_ends_the_run_after_its_step_and_keeps_the_weights()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sending Ctrl+C to another process is different elsewhere.");
        CifarFiles.Write(Data, records: 16);
        using var child = new Child(Program, ["--data", Data, "--output", Output, "--epochs", "1000000", "--plain"]);
        child.WaitFor("epoch 2/1000000");
        Assert.SkipUnless(child.Interrupt(), "This process was started with Ctrl+C ignored, and passes that on.");
        Assert.Equal(Interrupted, child.WaitForExit());
        Assert.Contains("stopped  during epoch ", child.Output, StringComparison.Ordinal);
        ExpectFiles("best.safetensors", "history.csv", "last.safetensors");
        Assert.Equal(12, SafeTensorsFile.Open(Path.Combine(Output, "last.safetensors")).Tensors.Count);
    }

    private (int ExitCode, string Output) Run(params string[] arguments) => Child.Run(Program, ["--data", Data, "--output", Output, .. arguments]);

    private static void ExpectFailure((int ExitCode, string Output) result, string words)
    {
        Assert.Equal(Failed, result.ExitCode);
        Assert.Contains(words, result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Output, StringComparison.Ordinal);
    }

    private void ExpectFiles(params string[] names) =>
        Assert.Equal(names, Directory.GetFileSystemEntries(Output).Select(Path.GetFileName).Order(StringComparer.Ordinal));
}

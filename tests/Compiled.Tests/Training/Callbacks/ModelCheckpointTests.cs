namespace Compiled.Tests;

/// <summary>Weights that are saved while a model trains.</summary>
public sealed class ModelCheckpointTests : IDisposable
{
    private readonly ThreeClasses _net = new(batchSize: 4);
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _net.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Every_so_many_epochs_have_a_file()
    {
        var callback = new ModelCheckpoint(_folder["w.{epoch:02d}.safetensors"], period: 2);
        _net.Fit(Samples.Classes(8), new SGD(), epochs: 4, callbacks: [callback]);
        Assert.Equal(["w.02.safetensors", "w.04.safetensors"], Files());
        Assert.Equal((4, _folder["w.04.safetensors"]), (callback.SavedEpoch, callback.SavedPath));
        float[] weights = Samples.Weights(_net);
        using var other = new ThreeClasses(batchSize: 1, seed: 9);
        other.LoadWeights(callback.SavedPath!);
        Compare.Same("weights", weights, Samples.Weights(other));
    }

    [Theory]
    [InlineData("val_loss", MonitorMode.Auto, new[] { 1, 3 })]
    [InlineData("accuracy", MonitorMode.Auto, new[] { 1, 2, 5 })]
    [InlineData("val_loss", MonitorMode.Max, new[] { 1, 2, 5 })]
    public void Only_the_best_so_far_are_saved(string monitor, MonitorMode mode, int[] epochs)
    {
        var callback = new ModelCheckpoint(_folder["{epoch}"], monitor, saveBestOnly: true, mode);
        Script.Run(callback, _net, 3, 4, 2, double.NaN, 5, 5);
        Assert.Equal(epochs.Select(epoch => $"{epoch}"), Files());
        Assert.Equal(epochs[^1] == 3 ? 2 : 5, callback.Best);
    }

    [Fact]
    public void The_first_may_have_to_be_better_than_an_earlier_run()
    {
        Script.Run(new ModelCheckpoint(_folder["{epoch}"], saveBestOnly: true, initialValueThreshold: 2.5), _net, 3, 2.6, 2, 2.1);
        Assert.Equal(["3"], Files());
    }

    [Fact]
    public void Names_hold_what_the_epoch_gave()
    {
        var callback = new ModelCheckpoint(_folder[Path.Combine("deep", "er", "{{{epoch:D3}}}-{val_loss:F2}-{acc:.1f}-{loss:.3e}-{val_acc:00.0}")]);
        Script.Run(callback, _net, 1.2346);
        Assert.Equal(_folder[Path.Combine("deep", "er", "{001}-1.23-1.2-1.235e+00-01.2")], callback.SavedPath);
        Assert.True(File.Exists(callback.SavedPath));
    }

    [Theory]
    [InlineData("a{epoch", "a brace stands alone; write {{ or }} for one in the name")]
    [InlineData("a}b", "a brace stands alone; write {{ or }} for one in the name")]
    [InlineData("{}", "a brace stands alone; write {{ or }} for one in the name")]
    [InlineData("{epoch:Q}", "'Q' is no format of whole numbers")]
    [InlineData("{epoch:03}", "'03' is no format; there are those of .NET, as D2, F3 or 00.0, and 02d, .3f and .3e of Python")]
    [InlineData("{epoch:3}", "'3' is no format; there are those of .NET, as D2, F3 or 00.0, and 02d, .3f and .3e of Python")]
    [InlineData("{val_loss:.4}", "'.4' is no format; there are those of .NET, as D2, F3 or 00.0, and 02d, .3f and .3e of Python")]
    [InlineData("{val_loss:5.2f}", "'5.2f' is no format; there are those of .NET, as D2, F3 or 00.0, and 02d, .3f and .3e of Python")]
    [InlineData("{val_loss:D2}", "'D2' is no format of numbers")]
    [InlineData("{val_loss:02d}", "'D2' is no format of numbers")]
    public void A_name_that_is_none(string pattern, string reason) => Assert.Equal(
        $"The file name '{pattern}' cannot be read: {reason}.", Assert.Throws<ArgumentException>(() => new ModelCheckpoint(pattern)).Message);

    [Fact]
    public void A_further_run_does_not_replace_a_better_file()
    {
        var callback = new ModelCheckpoint(_folder["{epoch}"], saveBestOnly: true);
        Script.Run(callback, _net, 3, 2);
        Script.Run(callback, _net, 9, 8, 1);
        Assert.Equal(["1", "2", "3"], Files());
        Assert.Equal((1, 3), (callback.Best, callback.SavedEpoch));
    }

    [Fact]
    public void Epochs_without_what_the_name_asks_for_are_not_saved()
    {
        ArrayDataset data = Samples.Classes(8);
        var callback = new ModelCheckpoint(_folder["{epoch}-{val_loss:F1}"]);
        History history = _net.Fit(data, new SGD(), epochs: 3, validation: data, validationFrequency: 2, callbacks: [callback]);
        Assert.Equal([FormattableString.Invariant($"2-{history["val_loss"][1]:F1}")], Files());
    }

    [Fact]
    public void A_file_that_cannot_be_written_ends_the_run()
    {
        Directory.CreateDirectory(_folder["folder"]);
        var callback = new ModelCheckpoint(_folder["folder"]);
        Exception fault = Assert.ThrowsAny<Exception>(() => _net.Fit(Samples.Classes(4), new SGD(), callbacks: [callback]));
        Assert.True(fault is IOException or UnauthorizedAccessException, $"{fault}");
        Assert.Null(callback.SavedPath);
        Assert.Equal([], Files());
    }

    private IEnumerable<string> Files() => Directory.GetFiles(_folder.Path).Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal);
}

namespace Compiled.Tests;

/// <summary>Tables of epochs.</summary>
public sealed class CSVLoggerTests : IDisposable
{
    private readonly ThreeClasses _net = new(batchSize: 4);
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _net.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_row_for_each_epoch()
    {
        string file = _folder["log.csv"];
        History history = _net.Fit(Samples.Classes(8), new SGD(), epochs: 2, validation: Samples.Classes(4), callbacks: [new CSVLogger(file)]);
        EpochResult last = history.Epochs[^1];
        string[] lines = File.ReadAllLines(file);
        Assert.Equal(3, lines.Length);
        Assert.Equal("epoch,accuracy,loss,val_accuracy,val_loss", lines[0]);
        FormattableString row = $"1,{last.Accuracy:R},{last.Loss:R},{last.Validation!.Value.Accuracy:R},{last.Validation.Value.Loss:R}";
        Assert.Equal(FormattableString.Invariant(row), lines[2]);
    }

    [Fact]
    public void Rows_are_added_to_a_file_that_is_there()
    {
        string file = _folder["log.tsv"];
        ArrayDataset data = Samples.Classes(8);
        var callback = new CSVLogger(file, "\t", append: true);
        _net.Fit(data, new SGD(), epochs: 1, validation: data, callbacks: [new CSVLogger(file, "\t")]);
        _net.Fit(data, new SGD(), epochs: 1, validation: data, callbacks: [callback]);
        _net.Fit(data, new SGD(), epochs: 2, validation: data, callbacks: [callback]);
        string[] lines = File.ReadAllLines(file);
        Assert.Equal(5, lines.Length);
        Assert.All(lines, line => Assert.Equal(4, line.Count(letter => letter == '\t')));
        Assert.Single(lines, line => line.StartsWith("epoch", StringComparison.Ordinal));
        _net.Fit(data, new SGD(), epochs: 1, validation: data, callbacks: [new CSVLogger(file, "\t")]);
        Assert.Equal(2, File.ReadAllLines(file).Length);
    }

    [Fact]
    public void A_file_of_other_columns_is_left_as_it_is()
    {
        string file = _folder["log.csv"];
        File.WriteAllText(file, "epoch,loss\n0,1\n");
        InvalidDataException fault = Assert.Throws<InvalidDataException>(
            () => _net.Fit(Samples.Classes(4), new SGD(), callbacks: [new CSVLogger(file, append: true)]));
        Assert.Equal($"'{file}' has the columns 'epoch,loss', not 'epoch,accuracy,loss': append to another file, or begin this one anew.", fault.Message);
        Assert.Equal("epoch,loss\n0,1\n", File.ReadAllText(file));
    }

    [Fact]
    public void A_run_that_is_refused_leaves_the_older_file()
    {
        string file = _folder["log.csv"];
        File.WriteAllText(file, "older");
        Assert.Throws<ArgumentException>(
            () => _net.Fit(Samples.Classes(4), new SGD(), callbacks: [new CSVLogger(file), new EarlyStopping("val_los")]));
        Assert.Equal("older", File.ReadAllText(file));
    }

    [Fact]
    public void What_is_no_number_and_what_is_not_there()
    {
        string file = _folder["deep/log.csv"];
        using var values = new ThreeValues(batchSize: 4);
        ArrayDataset data = Samples.Values(16);
        History history = values.Fit(
            data, new SGD(1e30), epochs: 9, validation: data, validationFrequency: 2, callbacks: [new TerminateOnNaN(), new CSVLogger(file)]);
        Assert.Single(history.Epochs);
        string[] lines = File.ReadAllLines(file);
        Assert.Equal(2, lines.Length);
        Assert.Equal("epoch,loss,val_loss", lines[0]);
        Assert.Matches("^0,(nan|inf),NA$", lines[1]);
    }

    [Fact]
    public void Rows_are_there_while_the_run_goes_on()
    {
        string file = _folder["log.csv"];
        int[] lines = new int[3];
        var watcher = new LambdaCallback { EpochEnd = (_, result) => lines[result.Epoch - 1] = File.ReadAllLines(file).Length };
        _net.Fit(Samples.Classes(4), new SGD(), epochs: 3, callbacks: [new CSVLogger(file), watcher]);
        Assert.Equal([2, 3, 4], lines);
    }
}

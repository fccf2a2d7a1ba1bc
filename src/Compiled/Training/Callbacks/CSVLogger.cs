using System.Globalization;

namespace Compiled;

/// <summary>
/// Writes what each epoch gives to a table: the number of the epoch, from 0 as in Keras, then loss, accuracy and metrics in alphabetical order. A row is
/// in the file when its epoch ends.
/// </summary>
/// <param name="fileName">The file. Folders are made where they are missing.</param>
/// <param name="separator">What stands between two columns, no line break; a comma by default.</param>
/// <param name="append">Whether rows are added to a file that is there, whose columns must be the same; false by default: it is replaced.</param>
/// <exception cref="ArgumentException">The file name is empty, or the separator is empty or breaks lines.</exception>
public sealed class CSVLogger(string fileName, string separator = ",", bool append = false) : Callback
{
    private readonly string _fileName = NotEmpty(fileName);
    private readonly string _separator = InLine(separator);
    private string[] _columns = [];
    private string? _header; // while it is to be written

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="InvalidDataException">The file that is there has other columns.</exception>
    public override void OnTrainBegin(Model model)
    {
        ArgumentNullException.ThrowIfNull(model);
        string[] names = [.. MetricNames.Of(model.Plan)];
        string[] ofValidation = Parameters!.HasValidation ? [.. names.Select(name => MetricNames.Validation + name)] : [];
        _columns = [.. names.Concat(ofValidation).Order(StringComparer.Ordinal)];
        string header = string.Join(_separator, ["epoch", .. _columns]);
        if (Path.GetDirectoryName(_fileName) is { Length: > 0 } folder)
            Directory.CreateDirectory(folder);
        _header = append && HasRows(header) ? null : header;
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The row cannot be written.</exception>
    public override void OnEpochEnd(Model model, EpochResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        // Not before: a run that is refused leaves an older file as it is.
        if (_header is not null)
            File.WriteAllText(_fileName, _header + "\n");
        _header = null;
        IEnumerable<string> values = _columns.Select(column => result.TryGet(column, out double value) ? Text(value) : "NA");
        File.AppendAllText(_fileName, string.Join(_separator, [(result.Epoch - 1).ToString(CultureInfo.InvariantCulture), .. values]) + "\n");
    }

    private bool HasRows(string header)
    {
        if (!File.Exists(_fileName))
            return false;
        using var reader = new StreamReader(_fileName);
        string? first = reader.ReadLine();
        if (first is null || first == header)
            return first is not null;
        throw new InvalidDataException($"'{_fileName}' has the columns '{first}', not '{header}': append to another file, or begin this one anew.");
    }

    private static string Text(double value) =>
        double.IsNaN(value) ? "nan" : double.IsInfinity(value) ? (value > 0 ? "inf" : "-inf") : value.ToString("R", CultureInfo.InvariantCulture);

    private static string NotEmpty(string fileName)
    {
        ArgumentException.ThrowIfNullOrEmpty(fileName);
        return fileName;
    }

    private static string InLine(string separator)
    {
        ArgumentException.ThrowIfNullOrEmpty(separator);
        return separator.AsSpan().IndexOfAny('\r', '\n') < 0 ? separator : throw new ArgumentException("The separator breaks lines.", nameof(separator));
    }
}

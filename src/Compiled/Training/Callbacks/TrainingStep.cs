namespace Compiled;

/// <summary>A step of training that is done.</summary>
public readonly struct TrainingStep : IEquatable<TrainingStep>
{
    private readonly Model? _model;

    internal TrainingStep(Model model, int epoch, int number)
    {
        _model = model;
        Epoch = epoch;
        Number = number;
    }

    /// <summary>The number of the epoch, from 1.</summary>
    public int Epoch { get; }

    /// <summary>The number of the step in its epoch, from 1.</summary>
    public int Number { get; }

    /// <summary>The means of the epoch so far. To read them waits for a GPU, and makes training slower if it is done after every step.</summary>
    public BatchResult ReadMeans() => _model?.ReadMeans() ?? default;

    /// <inheritdoc/>
    public bool Equals(TrainingStep other) => ReferenceEquals(_model, other._model) && Epoch == other.Epoch && Number == other.Number;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TrainingStep other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Epoch, Number);

    /// <summary>Whether two are the same step of the same model.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(TrainingStep left, TrainingStep right) => left.Equals(right);

    /// <summary>Whether two are different steps.</summary>
    /// <param name="left">One.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(TrainingStep left, TrainingStep right) => !left.Equals(right);
}

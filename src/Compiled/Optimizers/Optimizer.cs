using Compiled.Interop;

namespace Compiled;

/// <summary>
/// A rule that turns gradients into updates. What it keeps between them belongs to the model that is trained: it is made when a model first
/// meets an optimizer, and begins anew when it meets another.
/// </summary>
/// <remarks>
/// An update clips the gradients, takes <see cref="WeightDecay"/> from the weights, follows the rule, and then the averages of
/// <see cref="UseEma"/> follow the weights. What training does not change, as the moving statistics of a normalization, takes no part in it.
/// In the formulas t is the number of the update, from 1, and g the gradient after clipping.
/// </remarks>
public abstract class Optimizer
{
    private readonly LearningRateSchedule? _schedule;
    private double _learningRate;
    private double _weightDecay;
    private double _emaMomentum = 0.99;
    private double? _clipValue;
    private double? _clipNorm;
    private double? _globalClipNorm;
    private int? _emaOverwriteFrequency;

    private protected Optimizer(double learningRate) => LearningRate = learningRate;

    /// <summary>What the learning rate follows; null where it is a number.</summary>
    public LearningRateSchedule? Schedule
    {
        get => _schedule;

        private protected init
        {
            ArgumentNullException.ThrowIfNull(value, "learningRate");
            _schedule = value;
            FollowSchedule(value, 0);
        }
    }

    /// <summary>
    /// The learning rate. A number may be changed at any time and holds from the next update. Of a <see cref="Schedule"/> this is the rate of
    /// the last update, or before any, of the first.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative or not finite.</exception>
    /// <exception cref="InvalidOperationException">It is set, but follows a schedule.</exception>
    public double LearningRate
    {
        get => _learningRate;

        set
        {
            if (Schedule is not null)
                throw new InvalidOperationException($"The learning rate follows {Schedule.GetType().Name}: it cannot be set.");
            _learningRate = Require.AtLeastZero(value, nameof(LearningRate));
        }
    }

    /// <summary>
    /// Times the learning rate, the part of every weight that each update takes away, apart from the gradient (Loshchilov and Hutter, 2019);
    /// 0 without.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative, or no finite float.</exception>
    public double WeightDecay
    {
        get => _weightDecay;
        init => _weightDecay = Require.Float(value, nameof(WeightDecay));
    }

    /// <summary>Gradients are clipped to [-ClipValue, ClipValue], element by element; null: they are not.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no finite float greater than 0.</exception>
    /// <exception cref="ArgumentException">Another way to clip is set already.</exception>
    public double? ClipValue
    {
        get => _clipValue;
        init => _clipValue = Limit(value, nameof(ClipValue));
    }

    /// <summary>The gradient of each weight tensor is scaled down to this Euclidean norm where it is longer; null: it is not.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no finite float greater than 0.</exception>
    /// <exception cref="ArgumentException">Another way to clip is set already.</exception>
    public double? ClipNorm
    {
        get => _clipNorm;
        init => _clipNorm = Limit(value, nameof(ClipNorm));
    }

    /// <summary>All gradients together are scaled down to this Euclidean norm where they are longer; null: they are not.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is no finite float greater than 0.</exception>
    /// <exception cref="ArgumentException">Another way to clip is set already.</exception>
    public double? GlobalClipNorm
    {
        get => _globalClipNorm;
        init => _globalClipNorm = Limit(value, nameof(GlobalClipNorm));
    }

    /// <summary>
    /// Whether an exponential moving average of the weights is kept (Polyak averaging): average ← EmaMomentum·average +
    /// (1-EmaMomentum)·weight after each update, from the weight after the first. <see cref="Model.Fit"/> ends with the weights being their
    /// averages; <see cref="Model.UseAverages"/> makes them so for a while.
    /// </summary>
    public bool UseEma { get; init; }

    /// <summary>The part of the average that stays at an update; in [0, 1).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is out of range.</exception>
    public double EmaMomentum
    {
        get => _emaMomentum;
        init => _emaMomentum = Require.BelowOne(value, nameof(EmaMomentum));
    }

    /// <summary>With <see cref="UseEma"/>, the weights become their averages after every so many updates; null: not while they are trained.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public int? EmaOverwriteFrequency
    {
        get => _emaOverwriteFrequency;
        init => _emaOverwriteFrequency = value is { } updates ? (int)Require.AtLeastOne(updates, nameof(EmaOverwriteFrequency)) : null;
    }

    /// <summary>How many arrays of the size of the parameters the rule keeps, averages apart.</summary>
    internal abstract int SlotCount { get; }

    /// <summary>What the first of them begins with.</summary>
    internal virtual float InitialSlotValue => 0;

    /// <summary>The rule and its numbers.</summary>
    internal abstract cn_optimizer_desc Rule { get; }

    /// <summary>Throws where the optimizer speaks of something that the model does not have.</summary>
    internal virtual void Check(ModelPlan plan)
    {
    }

    /// <summary>How the rule sees a weight that it treats as a matrix; null of all others.</summary>
    internal virtual cn_matrix? MatrixOf(string name, IReadOnlyList<int> shape, long offset) => null;

    /// <summary>The rule and what is around it.</summary>
    /// <param name="count">Floats of all weights.</param>
    /// <param name="tensors">Tensors among them, which matter to <see cref="ClipNorm"/>.</param>
    internal cn_optimizer_desc Describe(long count, long tensors)
    {
        cn_optimizer_desc description = Rule;
        description.count = count;
        description.tensors = tensors;
        description.weight_decay = WeightDecay;
        description.clip_value = ClipValue ?? 0;
        description.clip_norm = ClipNorm ?? 0;
        description.global_clip_norm = GlobalClipNorm ?? 0;
        description.use_ema = UseEma ? 1 : 0;
        description.ema_momentum = EmaMomentum;
        description.ema_overwrite_frequency = EmaOverwriteFrequency ?? 0;
        return description;
    }

    /// <summary>The rate of the update that follows so many.</summary>
    internal double RateAfter(long updates)
    {
        if (Schedule is not null)
            FollowSchedule(Schedule, updates);
        return _learningRate;
    }

    private void FollowSchedule(LearningRateSchedule schedule, long updates)
    {
        double rate = schedule.RateAt(updates);
        if (!double.IsFinite(rate) || rate < 0)
        {
            throw new InvalidOperationException(
                $"{schedule.GetType().Name} gives a learning rate of {rate} after {updates:N0} updates: it must be a finite number of at least 0.");
        }

        _learningRate = rate;
    }

    private double? Limit(double? value, string name)
    {
        if (value is not { } limit)
            return null;
        Require.Normal(limit, name);
        foreach ((double? other, string its) in
            (ReadOnlySpan<(double?, string)>)
            [(_clipValue, nameof(ClipValue)), (_clipNorm, nameof(ClipNorm)), (_globalClipNorm, nameof(GlobalClipNorm))])
        {
            if (other is not null && its != name)
                throw new ArgumentException($"{name} cannot stand beside {its}: gradients are clipped in one way.", name);
        }

        return limit;
    }
}

using Compiled.Interop;

namespace Compiled;

/// <summary>
/// What the ops of a model read when they run (cn_state): the host's copy, which is sent to the device only when the host has changed it.
/// The device counts finished steps and updates by itself, and the host along with it.
/// </summary>
internal sealed class RunState : IDisposable
{
    private const int Areas = 8;

    private readonly Feed _feed;
    private cn_state _value;
    private bool _sent;

    public RunState(ModelArena arena, ulong seed)
    {
        _feed = arena.FeedState(Areas);
        _value.seed = seed;
    }

    /// <summary>Finished steps; to be read by any thread.</summary>
    public long Step
    {
        get => (long)Volatile.Read(ref _value.step);

        set
        {
            Volatile.Write(ref _value.step, (ulong)value);
            _sent = false;
        }
    }

    public int Rows
    {
        set
        {
            _sent &= _value.rows == value;
            _value.rows = value;
        }
    }

    public double LearningRate
    {
        set
        {
            _sent &= _value.learning_rate == value;
            _value.learning_rate = value;
        }
    }

    /// <summary>Finished updates of the optimizer in use.</summary>
    public long Updates
    {
        get => (long)_value.updates;

        set
        {
            _value.updates = (ulong)value;
            _sent = false;
        }
    }

    /// <summary>Before ops run: makes the device's copy equal to the host's.</summary>
    public void Send()
    {
        if (_sent)
            return;
        _feed.Next<cn_state>(1)[0] = _value;
        _feed.Send<cn_state>(1);
        _sent = true;
    }

    /// <summary>After an update: what the device has counted.</summary>
    public void CountUpdate(int steps)
    {
        _value.updates++;
        Volatile.Write(ref _value.step, _value.step + (ulong)steps);
    }

    /// <summary>After a failure, when nobody knows how far the device has come: the host's copy counts.</summary>
    public void Distrust() => _sent = false;

    public void Dispose() => _feed.Dispose();
}

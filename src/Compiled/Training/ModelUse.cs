namespace Compiled;

/// <summary>
/// Who uses a model: one thread at a time (a callback of its own run may come back), and nobody once it is disposed. Disposing a model
/// that is in use lets its user finish the step; the memory goes when the user lets go.
/// </summary>
internal sealed class ModelUse
{
    private const int Idle = 0;
    private const int InUse = 1;
    private const int InUseAndDisposed = 2;
    private const int Disposed = 3;

    private int _state;
    private int _owner;
    private int _depth;

    /// <summary>Whether the model is disposed, or will be when its user lets go.</summary>
    public bool IsDisposed => Volatile.Read(ref _state) is InUseAndDisposed or Disposed;

    public void Enter(Model model)
    {
        int found = Interlocked.CompareExchange(ref _state, InUse, Idle);
        ObjectDisposedException.ThrowIf(found is Disposed or InUseAndDisposed, model);
        int thread = Environment.CurrentManagedThreadId;
        if (found == InUse && Volatile.Read(ref _owner) != thread)
        {
            throw new InvalidOperationException(
                $"'{model.Plan.Name}' is in use on another thread. A model runs one call at a time: wait for it, or make a second model.");
        }

        Volatile.Write(ref _owner, thread);
        _depth++;
    }

    /// <summary>Lets go; true when the model was disposed meanwhile, and the caller is to free it.</summary>
    public bool Exit()
    {
        if (--_depth > 0)
            return false;
        Volatile.Write(ref _owner, 0);
        if (Interlocked.CompareExchange(ref _state, Idle, InUse) == InUse)
            return false;
        Volatile.Write(ref _state, Disposed);
        return true;
    }

    /// <summary>Disposes; true when the caller is to free the model, false when its user will, or it is already free.</summary>
    public bool Dispose()
    {
        // A user who lets go between the two attempts makes the model idle again: try anew.
        while (true)
        {
            int found = Interlocked.CompareExchange(ref _state, Disposed, Idle);
            if (found == Idle)
                return true;
            if (found is Disposed or InUseAndDisposed)
                return false;
            if (Interlocked.CompareExchange(ref _state, InUseAndDisposed, InUse) == InUse)
                return false;
        }
    }
}

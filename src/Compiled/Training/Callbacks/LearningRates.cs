namespace Compiled;

/// <summary>What callbacks that set learning rates need.</summary>
internal static class LearningRates
{
    /// <exception cref="InvalidOperationException">The learning rate follows a schedule.</exception>
    public static void RequireNumber(Optimizer optimizer, string callback)
    {
        if (optimizer.Schedule is { } schedule)
        {
            throw new InvalidOperationException(
                $"{callback} sets the learning rate, but that of the optimizer follows {schedule.GetType().Name}: give the optimizer a number.");
        }
    }
}

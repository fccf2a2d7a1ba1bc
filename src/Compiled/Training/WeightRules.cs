using System.Runtime.CompilerServices;
using Compiled.Interop;

namespace Compiled;

/// <summary>What a model asks of its weights: penalties in the loss and in the gradients, and constraints after each update.</summary>
internal sealed class WeightRules : IDisposable
{
    private readonly OpHandle? _regularizer;
    private readonly OpHandle? _constraint;

    /// <summary>The rules of a plan, for a loss of so many values per sample.</summary>
    public WeightRules(ModelPlan plan, ContextHandle context, int batchSize, int positions)
    {
        long count = plan.TrainableBytes / sizeof(float);
        cn_penalty[] penalties = [.. plan.Parameters.Where(parameter => parameter.L1 > 0 || parameter.L2 > 0).Select(Penalty)];
        cn_constraint[] constraints = [.. plan.Parameters.Where(parameter => parameter.Constraint is not null).Select(Constraint)];
        if (penalties.Length > 0)
            _regularizer = CreateRegularizer(context, new() { batch = batchSize, positions = positions, count = count }, penalties);
        try
        {
            if (constraints.Length > 0)
                _constraint = CreateConstraint(context, new() { count = count }, constraints);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Adds the penalties to the loss of the batch, and their slopes to the gradients where there are any.</summary>
    public void AddPenalties(ModelArena arena, bool toGradients)
    {
        if (_regularizer is null)
            return;
        CompiledException.ThrowIfFailed(Native.cn_regularizer_add(
            _regularizer.Value, arena.StateAddress, arena.ParameterAddress, toGradients ? arena.GradientAddress : 0, arena.MetricsAddress));
    }

    /// <summary>After an update: makes the weights what they are to be.</summary>
    public void Constrain(ModelArena arena)
    {
        if (_constraint is not null)
            CompiledException.ThrowIfFailed(Native.cn_constraint_apply(_constraint.Value, arena.ParameterAddress));
    }

    public void Dispose()
    {
        _regularizer?.Dispose();
        _constraint?.Dispose();
    }

    private static cn_penalty Penalty(ParameterPlan parameter) => new()
    {
        offset = parameter.Offset / sizeof(float),
        count = parameter.Count,
        l1 = parameter.L1,
        l2 = parameter.L2,
    };

    private static cn_constraint Constraint(ParameterPlan parameter)
    {
        ConstraintPlan plan = parameter.Constraint!;
        // A vector has one norm, a kernel one for each of its last extent.
        long columns = parameter.Shape.Count > 1 ? parameter.Shape[^1] : 1;
        return new()
        {
            offset = parameter.Offset / sizeof(float),
            rows = parameter.Count / columns,
            columns = columns,
            constraint = (int)(plan.Kind switch
            {
                Compiled.Constraint.MaxNorm => cn_constraint_kind.CN_CONSTRAINT_MAX_NORM,
                Compiled.Constraint.NonNeg => cn_constraint_kind.CN_CONSTRAINT_NON_NEGATIVE,
                Compiled.Constraint.UnitNorm => cn_constraint_kind.CN_CONSTRAINT_UNIT_NORM,
                _ => cn_constraint_kind.CN_CONSTRAINT_MIN_MAX_NORM,
            }),
            minimum = plan.Minimum,
            maximum = plan.Maximum,
            rate = plan.Rate,
        };
    }

    private static unsafe OpHandle CreateRegularizer(ContextHandle context, cn_regularizer_desc description, cn_penalty[] penalties)
    {
        description.struct_size = (uint)Unsafe.SizeOf<cn_regularizer_desc>();
        description.tensors = penalties.Length;
        fixed (cn_penalty* start = penalties)
        {
            CompiledException.ThrowIfFailed(Native.cn_regularizer_create(context.Value, in description, (nint)start, out nint op));
            return new OpHandle(op);
        }
    }

    private static unsafe OpHandle CreateConstraint(ContextHandle context, cn_constraint_desc description, cn_constraint[] constraints)
    {
        description.struct_size = (uint)Unsafe.SizeOf<cn_constraint_desc>();
        description.tensors = constraints.Length;
        fixed (cn_constraint* start = constraints)
        {
            CompiledException.ThrowIfFailed(Native.cn_constraint_create(context.Value, in description, (nint)start, out nint op));
            return new OpHandle(op);
        }
    }
}

using System.Runtime.CompilerServices;
using Compiled.Interop;
using Compiled.Reference;

namespace Compiled.Tests;

/// <summary>The native penalties and constraints of tensors that lie in one array.</summary>
internal sealed class NativeRules
{
    private readonly NativeContext _context;
    private readonly nint _regularizer;
    private readonly nint _constraint;

    /// <summary>
    /// Tensors and their rules. Offsets say where each begins and, last, where the array ends. The loss has so many values of each of
    /// <paramref name="batch"/> samples.
    /// </summary>
    public unsafe NativeRules(
        NativeContext context, IReadOnlyList<Tensor> weights, IReadOnlyList<WeightRule> rules, IReadOnlyList<long> offsets,
        int batch = 1, int positions = 1)
    {
        _context = context;
        (Tensor Weight, WeightRule Rule, long Offset)[] all = [.. weights.Zip(rules, offsets)];
        cn_penalty[] penalties =
        [
            .. all.Where(entry => entry.Rule.L1 > 0 || entry.Rule.L2 > 0).Select(
                entry => new cn_penalty { offset = entry.Offset, count = entry.Weight.Count, l1 = entry.Rule.L1, l2 = entry.Rule.L2 }),
        ];
        cn_constraint[] constraints =
        [
            .. all.Where(entry => entry.Rule.Constraint != "None").Select(entry => Describe(entry.Weight, entry.Rule, entry.Offset)),
        ];
        fixed (cn_penalty* first = penalties)
        {
            nint list = (nint)first;
            if (penalties.Length > 0)
            {
                _regularizer = context.Op(
                    (nint owner, in cn_regularizer_desc what, out nint op) => Native.cn_regularizer_create(owner, in what, list, out op),
                    new cn_regularizer_desc
                    {
                        struct_size = (uint)Unsafe.SizeOf<cn_regularizer_desc>(),
                        batch = batch,
                        positions = positions,
                        count = offsets[^1],
                        tensors = penalties.Length,
                    });
            }
        }

        fixed (cn_constraint* first = constraints)
        {
            nint list = (nint)first;
            if (constraints.Length > 0)
            {
                _constraint = context.Op(
                    (nint owner, in cn_constraint_desc what, out nint op) => Native.cn_constraint_create(owner, in what, list, out op),
                    new cn_constraint_desc
                    {
                        struct_size = (uint)Unsafe.SizeOf<cn_constraint_desc>(),
                        count = offsets[^1],
                        tensors = constraints.Length,
                    });
            }
        }
    }

    /// <summary>Adds the penalties to the metrics of the context and their slopes to the gradients.</summary>
    public void Add(nint weights, nint gradients)
    {
        if (_regularizer != 0)
            NativeContext.Check(Native.cn_regularizer_add(_regularizer, _context.State, weights, gradients, _context.Metrics));
    }

    public void Constrain(nint weights)
    {
        if (_constraint != 0)
            NativeContext.Check(Native.cn_constraint_apply(_constraint, weights));
    }

    private static cn_constraint Describe(Tensor weight, WeightRule rule, long offset)
    {
        int columns = weight.Shape.Count > 1 ? weight.Last : 1;
        bool hasRange = rule.Constraint == "MinMaxNorm";
        return new cn_constraint
        {
            offset = offset,
            rows = weight.Count / columns,
            columns = columns,
            constraint = (int)(rule.Constraint switch
            {
                "MaxNorm" => cn_constraint_kind.CN_CONSTRAINT_MAX_NORM,
                "NonNeg" => cn_constraint_kind.CN_CONSTRAINT_NON_NEGATIVE,
                "UnitNorm" => cn_constraint_kind.CN_CONSTRAINT_UNIT_NORM,
                _ => cn_constraint_kind.CN_CONSTRAINT_MIN_MAX_NORM,
            }),
            minimum = hasRange ? rule.Minimum ?? 0 : 0,
            maximum = hasRange ? rule.Maximum ?? 1 : rule.Constraint == "MaxNorm" ? rule.Maximum ?? 2 : 0,
            rate = hasRange ? rule.Rate ?? 1 : 0,
        };
    }
}
